"""A sample of the items of a chain, in their last state: what a table must hold that it was restored into."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ddbbackup.archive.changes import ChangeCutter
from ddbbackup.archive.item_keys import ItemKeys
from ddbbackup.bulk.index_windows import read_heads
from ddbbackup.bulk.model import DataFile, SampledItem
from ddbbackup.bulk.sample import choose_lines, read_lines, sample_items, sampled_item
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
) -> tuple[SampledItem, ...]:
    """Items out of ``files``: of the full backup those that no window changes, and those that the last window puts.

    ``windows`` are all of the chain, in the order of time, without empty ones. All of them are read. Blocks. Raises
    what ``sample_items`` raises.
    """
    in_windows = {file.uri for window in windows for file in window}
    last = {file.uri for file in windows[-1]}
    base = [file for file in files if file.uri not in in_windows]
    sample = sample_items(base, objects, keys, seed=len(files), stop=stop) if base else ()
    changed = _changed_among(sample, windows, objects, keys, stop)
    return (
        *(item for item in sample if item.key not in changed),
        *_sample_puts([file for file in files if file.uri in last], objects, keys, stop),
    )


def _changed_among(
    sample: Collection[SampledItem],
    windows: Sequence[Sequence[DataFile]],
    objects: Objects,
    keys: Sequence[KeyAttribute],
    stop: threading.Event,
) -> set[str]:
    """The keys of those items of ``sample`` that a window changes."""
    item_keys, cutter = ItemKeys(keys), ChangeCutter(keys)
    by_key = {item_keys.of_item(json.loads(item.key)): item.key for item in sample}
    if not by_key:
        return set()

    def find(file: DataFile) -> set[str]:
        return {
            by_key[key]
            for heads in read_heads(file, objects, cutter, stop)
            for key in heads.keys
            if key in by_key
        }

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="sample") as pool:
        files = [file for window in windows for file in window if file.item_count]
        return set().union(*pool.map(lambda file: read_until_whole(lambda: find(file), stop.wait), files))


def _sample_puts(
    files: Sequence[DataFile], objects: Objects, keys: Sequence[KeyAttribute], stop: threading.Event
) -> Iterator[SampledItem]:
    cutter = ChangeCutter(keys)
    for uri, numbers in choose_lines(files, seed=len(files)).items():
        (file,) = (each for each in files if each.uri == uri)

        def read(file: DataFile = file, numbers: Sequence[int] = numbers) -> list[bytes]:
            return [cutter.cut(line) for line in read_lines(file, objects, numbers, stop)]

        for line in read_until_whole(read, stop.wait):
            item = sampled_item(line, keys)
            if item is not None:
                yield item
