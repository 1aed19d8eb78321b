"""Items that are not in the table after a job, and why: saved in private files, and counted by reason.

The files hold the whole message of the server. The reasons that are counted are shown to people, so they are
sentences of ``model.aws_texts``, which hold no item data.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ddbbackup.os_errors import state_failed

NOT_AN_ITEM: Final = "the line is not an exported item"
DIFFERENT: Final = "the table holds another item with this key"


class Rejects:
    """The rejected items of one unit. The file starts empty, because an interrupted unit is repeated."""

    def __init__(self, directory: Path, unit: int, file: str) -> None:
        self._path = directory / f"{unit}.jsonl"
        self._file = file
        self._path.unlink(missing_ok=True)
        self.reasons: Counter[str] = Counter()

    def add(
        self, line: bytes, reason: str, detail: str, *, existing: Mapping[str, Any] | None = None
    ) -> None:
        """Saves ``detail`` as the reason, and the line: unchanged as ``line``, or as ``text`` if it is not JSON.

        ``reason`` is counted, and holds no item data. ``existing`` is the item of the table with the same key.
        Raises ``StepFailed`` if the file cannot be written.
        """
        self.reasons[reason] += 1
        entry: dict[str, Any] = {"reason": detail, "file": self._file}
        if existing is not None:
            entry["existing"] = existing
        line = line.strip()
        try:
            json.loads(line)
            encoded = json.dumps(entry)[:-1].encode() + b', "line": ' + line + b"}\n"
        except (ValueError, RecursionError):
            text = line.decode("utf-8", "backslashreplace")
            encoded = json.dumps(entry | {"text": text}).encode() + b"\n"
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(encoded)
        except OSError as error:
            what = f"could not save a rejected item in {self._path}"
            raise state_failed(what, self._path.parent, error) from error


def merge_rejects(directory: Path, target: Path) -> Path | None:
    """Merges the files of all units into ``target``; None, and no file, if nothing was rejected."""
    parts = sorted(directory.glob("*.jsonl"))
    if not parts:
        target.unlink(missing_ok=True)
        return None
    draft = target.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as merged:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, merged)
        merged.flush()
        os.fsync(merged.fileno())
    draft.replace(target)
    return target
