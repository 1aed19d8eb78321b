"""A sample of the items of a chain, in their last state: what a table must hold that it was restored into."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ddbbackup.archive.changes import ChangeCutter
from ddbbackup.archive.item_edits import ItemEdits
from ddbbackup.bulk.index_windows import read_heads
from ddbbackup.bulk.model import DataFile, SampledItem
from ddbbackup.bulk.sample import choose_lines, read_lines, sample_with_keys, sampled_item
from ddbbackup.bulk.verified_stream import read_until_whole
from ddbbackup.ports import KeyAttribute, Objects

_THREADS: Final = 6


def sample_chain(
    files: Sequence[DataFile],
    windows: Sequence[Sequence[DataFile]],
    objects: Objects,
    keys: Sequence[KeyAttribute],
    *,
    stop: threading.Event,
    edits: ItemEdits | None = None,
) -> tuple[SampledItem, ...]:
    """Items out of ``files``: of the full backup those that no window changes, and those that the last window puts.

    ``windows`` are all of the chain, in the order of time, without empty ones. All of them are read. ``edits`` are
    made to the items. Blocks. Raises what ``sample_items`` raises.
    """
    in_windows = {file.uri for window in windows for file in window}
    last = {file.uri for file in windows[-1]}
    base = [file for file in files if file.uri not in in_windows]
    sample = sample_with_keys(base, objects, keys, seed=len(files), stop=stop, edits=edits) if base else ()
    changed = changed_among({key for key, _ in sample if key is not None}, windows, objects, keys, stop)
    return (
        *(item for key, item in sample if key not in changed),
        *_sample_puts([file for file in files if file.uri in last], objects, keys, stop, edits),
    )


def changed_among(
    sampled: Collection[bytes],
    windows: Sequence[Sequence[DataFile]],
    objects: Objects,
    keys: Sequence[KeyAttribute],
    stop: threading.Event,
) -> set[bytes]:
    """Those keys of ``sampled`` that a window changes."""
    cutter = ChangeCutter(keys)
    if not sampled:
        return set()

    def find(file: DataFile) -> set[bytes]:
        return {
            key for heads in read_heads(file, objects, cutter, stop) for key in heads.keys if key in sampled
        }

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="sample") as pool:
        files = [file for window in windows for file in window if file.item_count]
        return set().union(*pool.map(lambda file: read_until_whole(lambda: find(file), stop.wait), files))


def _sample_puts(
    files: Sequence[DataFile],
    objects: Objects,
    keys: Sequence[KeyAttribute],
    stop: threading.Event,
    edits: ItemEdits | None,
) -> Iterator[SampledItem]:
    cutter = ChangeCutter(keys)
    for uri, numbers in choose_lines(files, seed=len(files)).items():
        (file,) = (each for each in files if each.uri == uri)

        def read(file: DataFile = file, numbers: Sequence[int] = numbers) -> list[bytes]:
            return [cutter.cut(line) for line in read_lines(file, objects, numbers, stop)]

        for line in read_until_whole(read, stop.wait):
            item = sampled_item(line, keys, edits)
            if item is not None:
                yield item
