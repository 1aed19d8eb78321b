"""A sample of the items of data files, spread over all files and over the lines of each."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Final

from ddbbackup.archive.attribute_values import item_digest
from ddbbackup.archive.item_edits import ItemEditor, ItemEdits
from ddbbackup.archive.item_keys import ItemKeys
from ddbbackup.archive.lines import is_item, split_lines, whole_lines
from ddbbackup.bulk.model import DataFile, SampledItem, Stopped
from ddbbackup.bulk.verified_stream import open_data_file, read_until_whole
from ddbbackup.ports import KeyAttribute, Objects

MAX_ITEMS_PER_FILE: Final = 200
MAX_ITEMS: Final = 5000
READ_BYTES: Final = 2 << 30  # compressed
_WORKERS: Final = 6


def sample_items(
    files: Sequence[DataFile],
    objects: Objects,
    keys: Sequence[KeyAttribute],
    *,
    seed: int = 0,
    stop: threading.Event | None = None,
    read_bytes: int = READ_BYTES,
    edits: ItemEdits | None = None,
) -> tuple[SampledItem, ...]:
    """Reads up to ``MAX_ITEMS`` items out of ``files``, the same ones for the same ``seed``. Blocks.

    A gzipped file can only be read from its start. If the files are larger than ``read_bytes`` in total, some of them
    are read to their end, and of the others only the beginning. ``edits`` are made to the items.

    Raises ``DataIncomplete`` for a file that is damaged as far as it was read, ``Stopped``, and whatever else
    ``objects`` raises.
    """
    sample = sample_with_keys(files, objects, keys, seed=seed, stop=stop, read_bytes=read_bytes, edits=edits)
    return tuple(item for _, item in sample)


def sample_with_keys(
    files: Sequence[DataFile],
    objects: Objects,
    keys: Sequence[KeyAttribute],
    *,
    seed: int = 0,
    stop: threading.Event | None = None,
    read_bytes: int = READ_BYTES,
    edits: ItemEdits | None = None,
) -> tuple[tuple[bytes | None, SampledItem], ...]:
    """The same, with the key (``archive.item_keys``) that each item has in the backup."""
    event = stop or threading.Event()
    lines = choose_lines(_as_far_as_read(files, seed, read_bytes), seed=seed)

    def read(file: DataFile) -> list[tuple[bytes | None, SampledItem]]:
        def read_all() -> list[tuple[bytes | None, SampledItem]]:
            return list(_read_items(file, objects, keys, lines.get(file.uri, ()), event, edits))

        return read_until_whole(read_all, event.wait)

    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="sample") as pool:
        try:
            return tuple(
                item for part in pool.map(read, [f for f in files if f.uri in lines]) for item in part
            )
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def choose_lines(files: Sequence[DataFile], *, seed: int) -> Mapping[str, tuple[int, ...]]:
    """The numbers of the lines to sample, from 0, by the URI of their file.

    Each file gets a share by its item count, at least one line and at most ``MAX_ITEMS_PER_FILE``; of more than
    ``MAX_ITEMS`` files that many are chosen. The lines of a file are spread evenly, one at random in each section.
    """
    chooser = random.Random(seed)  # noqa: S311  # spreads the sample, keeps no secret
    with_items = [file for file in files if file.item_count]
    chosen = with_items if len(with_items) <= MAX_ITEMS else chooser.sample(with_items, MAX_ITEMS)
    spare = MAX_ITEMS - len(chosen)  # lines beyond the first of each file
    total = sum(file.item_count for file in chosen)
    lines = {}
    for file in chosen:
        share = 1 + spare * file.item_count // total
        count = min(share, MAX_ITEMS_PER_FILE, file.item_count)
        borders = [number * file.item_count // count for number in range(count + 1)]
        lines[file.uri] = tuple(chooser.randrange(start, end) for start, end in pairwise(borders))
    return lines


def sampled_item(
    line: bytes, keys: Sequence[KeyAttribute], edits: ItemEdits | None = None
) -> SampledItem | None:
    """None for a line that is not an exported item with a key: it is rejected, so it cannot be in the table.

    ``edits`` are made to the item first.
    """
    if edits is not None:
        line = ItemEditor(edits).edit_line(line) or b""
    if not is_item(line):
        return None
    try:
        item = json.loads(line)["Item"]
        key = json.dumps({each.name: item[each.name] for each in keys})
        return SampledItem(key, item_digest(item))
    except (LookupError, RecursionError):
        return None


def _as_far_as_read(files: Sequence[DataFile], seed: int, read_bytes: int) -> list[DataFile]:
    """The files with the item counts of the part that is read.

    Half of ``read_bytes`` goes to whole files, in a random order, the other half to equal beginnings of the rest.
    """
    if sum(file.size_bytes or 0 for file in files) <= read_bytes:
        return list(files)
    order = list(files)
    random.Random(seed).shuffle(order)  # noqa: S311  # spreads the sample, keeps no secret
    left, beginning = read_bytes // 2, read_bytes // 2 // len(files)
    read: dict[str, DataFile] = {}
    for file in order:
        size_bytes = file.size_bytes or 0
        if size_bytes <= max(left, beginning):
            left -= size_bytes
            read[file.uri] = file
        else:
            items = file.item_count * beginning // size_bytes
            read[file.uri] = replace(file, item_count=min(file.item_count, max(1, items)))
    return [read[file.uri] for file in files]


def _read_items(
    file: DataFile,
    objects: Objects,
    keys: Sequence[KeyAttribute],
    numbers: Sequence[int],
    stop: threading.Event,
    edits: ItemEdits | None,
) -> Iterator[tuple[bytes | None, SampledItem]]:
    item_keys = ItemKeys(keys)
    for line in read_lines(file, objects, numbers, stop):
        item = sampled_item(line, keys, edits)
        if item is not None:
            yield item_keys.of_line(line), item


def read_lines(
    file: DataFile, objects: Objects, numbers: Sequence[int], stop: threading.Event
) -> Iterator[bytes]:
    """The lines with these ``numbers``, which ascend; reads no further than the last of them. Raises ``Stopped``."""
    wanted = list(reversed(numbers))
    first = 0
    with open_data_file(objects, file) as stream:
        for block in whole_lines(stream.pieces()):
            if stop.is_set():
                raise Stopped
            lines = [line for line in split_lines(block) if line.strip()]
            while wanted and wanted[-1] < first + len(lines):
                yield lines[wanted.pop() - first]
            if not wanted:
                return
            first += len(lines)
