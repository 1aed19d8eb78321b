"""Archived objects of an export: found in the listing of its folder, before anything is read or made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.archive.layout import ExportFolder
from ddbbackup.errors import AccessDenied
from ddbbackup.ports import ObjectFacts, Objects

_HEADS_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class ArchivedObjects:
    """``objects`` are those of ``total`` that cannot be read; each has its ``archive``.

    ``unknown`` is the number of objects in INTELLIGENT_TIERING that the caller may not ask about.
    """

    bucket: str
    owner: str | None
    total: int
    objects: tuple[ObjectFacts, ...] = ()
    unknown: int = 0

    @property
    def retrieving(self) -> tuple[ObjectFacts, ...]:
        """Those that S3 is making readable."""
        return tuple(each for each in self.objects if each.archive is not None and each.archive.retrieving)

    @property
    def resting(self) -> tuple[ObjectFacts, ...]:
        """Those that nobody has asked S3 for."""
        return tuple(
            each for each in self.objects if each.archive is not None and not each.archive.retrieving
        )

    @property
    def size_bytes(self) -> int:
        return sum(each.size_bytes for each in self.objects)

    @property
    def tiers(self) -> str:
        """For people: ``3 in GLACIER, 2 in DEEP_ARCHIVE``."""
        counts = Counter(each.archive.tier for each in self.objects if each.archive is not None)
        return ", ".join(f"{count} in {tier}" for tier, count in sorted(counts.items()))


def find_archived(objects: Objects, folder: ExportFolder, *, owner: str | None) -> ArchivedObjects:
    """Among all objects of an export, manifests included. Blocks."""
    return archived_among(
        objects, folder.bucket, objects.keys(folder.bucket, folder.root, owner=owner), owner
    )


def archived_among(
    objects: Objects, bucket: str, listed: Iterable[ObjectFacts], owner: str | None
) -> ArchivedObjects:
    """Among objects as ``Objects.keys`` lists them; asks for each that is in INTELLIGENT_TIERING. Blocks."""
    every = tuple(listed)
    tiered = [each for each in every if each.tiered]
    with ThreadPoolExecutor(_HEADS_AT_ONCE, thread_name_prefix="archived") as pool:
        asked = list(pool.map(lambda each: _ask(objects, bucket, each, owner), tiered))
    archived = [each for each in every if each.archive is not None]
    archived += [each for each in asked if each is not None and each.archive is not None]
    return ArchivedObjects(bucket, owner, len(every), tuple(archived), unknown=asked.count(None))


def _ask(objects: Objects, bucket: str, listed: ObjectFacts, owner: str | None) -> ObjectFacts | None:
    """None if the caller may not read the object."""
    try:
        head = objects.head(bucket, listed.key, owner=owner)
    except AccessDenied:
        return None
    return replace(listed, archive=head.archive if head is not None else None)
