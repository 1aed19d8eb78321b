"""Finds the data files of a manifest in their folder: their sizes and ETags, and no data is read.

A listing shows a thousand objects per request, from any key on. The keys are known, so the folder is listed in ranges
of keys, all at once. Incremental exports share one folder: there, a listing skips what lies between two of the keys,
and where it would show hardly any of them, each object is asked for by itself.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import Final

from ddbbackup.bulk.model import DataFile, Stopped
from ddbbackup.errors import Unreachable
from ddbbackup.ports import ObjectFacts, Objects

FoundFile = tuple[DataFile, ObjectFacts | None]
"""A data file, and what S3 says about its object; None if it does not exist."""

PAGE_KEYS: Final = 1000  # the most that S3 lists per request (S3 API: ListObjectsV2)
# A request to list costs as much as 12.5 requests for the metadata of one object (S3 pricing).
FEW: Final = 12
_HEADS_PER_TASK: Final = 100
_WORKERS: Final = 32
_key_of: Callable[[DataFile], str] = attrgetter("key")


def find_files(
    files: Sequence[DataFile], objects: Objects, *, stop: threading.Event, workers: int = _WORKERS
) -> Iterator[FoundFile]:
    """All ``files``, sorted by key, with the metadata of their objects. Blocks.

    They lie in one folder of one bucket. Holds the metadata of a few thousand objects at a time.

    Raises ``Stopped`` soon after ``stop`` is set, ``ObjectMissing`` for a missing bucket, and ``Unreachable`` for a
    listing that does not go on.
    """
    ordered = sorted(files, key=_key_of)
    head_each = partial(_head_each, objects, stop)
    if len(ordered) <= FEW:
        yield from _in_parallel(head_each, _cut(ordered, 1), workers)
        return
    first = _list_page(objects, ordered)
    yield from first
    rest, per_page = ordered[len(first) :], len(first)
    if per_page <= FEW:
        yield from _in_parallel(head_each, _cut(rest, _HEADS_PER_TASK), workers)
    else:
        yield from _in_parallel(partial(_list_range, objects, stop), _cut(rest, per_page), workers)


def _cut(files: Sequence[DataFile], length: int) -> Iterator[Sequence[DataFile]]:
    return (files[start : start + length] for start in range(0, len(files), length))


def _in_parallel(
    find: Callable[[Sequence[DataFile]], Sequence[FoundFile]],
    ranges: Iterator[Sequence[DataFile]],
    workers: int,
) -> Iterator[FoundFile]:
    """The results in the order of the ranges. Few are begun ahead, so that memory does not grow with their number."""
    with ThreadPoolExecutor(workers, thread_name_prefix="find") as pool:
        begun: deque[Future[Sequence[FoundFile]]] = deque(
            pool.submit(find, each) for each in islice(ranges, 2 * workers)
        )
        try:
            while begun:
                yield from begun.popleft().result()
                begun.extend(pool.submit(find, each) for each in islice(ranges, 1))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _head_each(objects: Objects, stop: threading.Event, files: Sequence[DataFile]) -> Sequence[FoundFile]:
    found: list[FoundFile] = []
    for file in files:
        if stop.is_set():
            raise Stopped
        found.append((file, objects.head(file.bucket, file.key, owner=file.bucket_owner)))
    return found


def _list_range(objects: Objects, stop: threading.Event, files: Sequence[DataFile]) -> Sequence[FoundFile]:
    """No more requests than files, and no more than all objects between the first and the last of them fill."""
    found: list[FoundFile] = []
    while len(found) < len(files):
        if stop.is_set():
            raise Stopped
        found += _list_page(objects, files[len(found) :])
    return found


def _list_page(objects: Objects, files: Sequence[DataFile]) -> Sequence[FoundFile]:
    """The first of ``files``, as many as one request shows, but at least one."""
    first = files[0]
    folder, after = first.key.rpartition("/")[0] + "/", first.key[:-1]  # the last key that can sort before it
    while True:
        listed = objects.keys(first.bucket, folder, owner=first.bucket_owner, start_after=after)
        page = list(islice(listed, PAGE_KEYS))
        shown = len(files) if len(page) < PAGE_KEYS else bisect_right(files, page[-1].key, key=_key_of)
        if shown:
            by_key = {each.key: each for each in page}
            return [(file, by_key.get(file.key)) for file in files[:shown]]
        if page[-1].key <= after:
            raise Unreachable(
                f"the listing of s3://{first.bucket}/{folder} does not go on after the key that was asked for",
                hint="check the endpoint of S3, then run the same command again",
            )
        after = page[-1].key
