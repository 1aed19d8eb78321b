"""A sample of the items of a restore point that match a filter: what a table must hold that only they went into."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from ddbbackup.archive.changes import ChangeCutter
from ddbbackup.archive.item_edits import ItemEdits
from ddbbackup.archive.item_keys import ItemKeys
from ddbbackup.archive.lines import split_lines, whole_lines
from ddbbackup.bulk.chain_sample import changed_among
from ddbbackup.bulk.item_filter import ItemFilter, ItemMatcher
from ddbbackup.bulk.model import DataFile, SampledItem, Stopped
from ddbbackup.bulk.sample import MAX_ITEMS, MAX_ITEMS_PER_FILE, sampled_item
from ddbbackup.bulk.verified_stream import open_data_file, read_until_whole
from ddbbackup.ports import KeyAttribute, Objects

T = TypeVar("T")
KeyAndItem = tuple[bytes | None, SampledItem]
"""With the key (``archive.item_keys``) that the item has in the backup."""

_THREADS: Final = 6


def sample_matching(
    files: Sequence[DataFile],
    windows: Sequence[Sequence[DataFile]],
    objects: Objects,
    keys: Sequence[KeyAttribute],
    only: ItemFilter,
    *,
    stop: threading.Event,
    edits: ItemEdits | None = None,
) -> tuple[SampledItem, ...]:
    """Items out of ``files`` that match, in their last state, as ``sample_chain`` chooses them.

    ``edits`` are made to the items. All of ``files`` and ``windows`` are read, because matches may be anywhere.
    Blocks. Raises what ``sample_items`` raises.
    """
    in_windows = {file.uri for window in windows for file in window}
    last = {file.uri for window in windows[-1:] for file in window}
    matcher, cutter = only.open(), ChangeCutter(keys)

    def read(file: DataFile) -> list[KeyAndItem]:
        cut = cutter if file.uri in in_windows else None
        return read_until_whole(lambda: _sample_of(file, objects, keys, matcher, cut, stop, edits), stop.wait)

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="sample") as pool:
        base = _joined(pool.map(read, [file for file in files if file.uri not in in_windows]))
        puts = _joined(pool.map(read, [file for file in files if file.uri in last]))
    sampled = {key for key, _ in base if key is not None}
    changed = changed_among(sampled, windows, objects, keys, stop)
    return tuple(
        _some((*(item for key, item in base if key not in changed), *(item for _, item in puts)), MAX_ITEMS)
    )


def _sample_of(
    file: DataFile,
    objects: Objects,
    keys: Sequence[KeyAttribute],
    matcher: ItemMatcher,
    cutter: ChangeCutter | None,
    stop: threading.Event,
    edits: ItemEdits | None,
) -> list[KeyAndItem]:
    found: list[bytes] = []
    with open_data_file(objects, file) as stream:
        for block in whole_lines(stream.pieces()):
            if stop.is_set():
                raise Stopped
            found += matcher.matching(_items_of(block, cutter)).lines
            if len(found) > 2 * MAX_ITEMS_PER_FILE:
                found = list(_some(found, MAX_ITEMS_PER_FILE))
    key_of = ItemKeys(keys).of_line
    sampled = ((key_of(line), sampled_item(line, keys, edits)) for line in _some(found, MAX_ITEMS_PER_FILE))
    return [(key, item) for key, item in sampled if item is not None]


def _items_of(block: bytes, cutter: ChangeCutter | None) -> list[bytes]:
    lines = split_lines(block)
    if cutter is None:
        return lines
    cut = (cutter.cut(line) for line in lines if not line.isspace())
    return [line for line in cut if line.startswith(b'{"Item"')]


def _joined(parts: Iterator[list[KeyAndItem]]) -> list[KeyAndItem]:
    return [item for part in parts for item in part]


def _some(items: Sequence[T], count: int) -> Sequence[T]:
    if len(items) <= count:
        return items
    return random.Random(len(items)).sample(list(items), count)  # noqa: S311  # spreads it, keeps no secret
