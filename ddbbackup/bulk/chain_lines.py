"""The final lines of a chain: of its full backup, those that no window changes; of its windows, the last changes.

Each item is then written once, in its final state. Files can be written in any order, and a reader of the table never
sees an item in a state that a later change supersedes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

from ddbbackup.archive.changes import ChangeCutter
from ddbbackup.archive.item_keys import ItemKeys
from ddbbackup.bulk.changed_keys import FinalChanges, index_keys, open_keys
from ddbbackup.ports import KeyAttribute


@dataclass(frozen=True, slots=True)
class ChainConfig:
    """``index`` is the folder of the changed keys, which are complete before a worker gets its first unit.

    ``deletes``: items whose last change is a delete are deleted from the table, not only left out.
    """

    index: Path
    deletes: bool


class ChainLines:
    """Selects the final lines of any file of the chain. Thread-safe."""

    def __init__(self, config: ChainConfig, keys: Sequence[KeyAttribute]) -> None:
        self.deletes = config.deletes
        self._changed = open_keys(config.index)
        self._final_changes = FinalChanges(config.index)
        self._keys = ItemKeys(keys)
        self._cutter = ChangeCutter(keys)

    def of_full_backup(self, block: bytes, lines: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
        """The lines that no window changes, and the lines without a certain key.

        ``lines`` are those of ``block``, or else items of it without newlines.
        """
        whole = bool(lines) and lines[0].endswith(b"\n")
        found = self._keys.of_block(block, lines) if whole else [self._keys.of_line(line) for line in lines]
        keys = [key for key in found if key is not None]
        invalid: list[bytes] = []
        if len(keys) < len(found):
            invalid = [line for line, key in zip(lines, found, strict=True) if key is None]
            lines = [line for line, key in zip(lines, found, strict=True) if key is not None]
        stored = index_keys(keys)
        changed = self._changed.intersection(stored)
        if not changed:
            return list(lines), invalid
        return [line for line, key in zip(lines, stored, strict=True) if key not in changed], invalid

    def of_window(self, block: bytes, lines: Sequence[bytes], first: int) -> tuple[list[bytes], list[bytes]]:
        """Of changes with the numbers from ``first`` on, which are lines of ``block``, those that are final.

        As lines ``{"Item":{…}}`` to put, and lines ``{"Key":{…}}`` to delete. Raises ``DataIncomplete`` for a line
        that is not a change.
        """
        return self._cutter.cut_all(
            block, list(compress(lines, self._final_changes.among(first, len(lines))))
        )
