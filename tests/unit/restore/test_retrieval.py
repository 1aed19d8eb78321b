"""What is said about archived backups, and when they can be read at the latest."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ddbbackup.catalog.archived import ArchivedObjects
from ddbbackup.errors import ObjectArchived, StillRetrieving
from ddbbackup.model.assessment import Blocker
from ddbbackup.ports import Archive, ArchiveTier, ObjectFacts, RetrievalTier
from ddbbackup.restore.retrieval import archived_blockers

NOW = datetime(2026, 11, 26, 22, 30, 12, tzinfo=UTC)


def blockers(*archives: Archive, retrieve: RetrievalTier | None = None) -> list[Blocker]:
    objects = tuple(ObjectFacts(str(n), 1, '"e"', archive=each) for n, each in enumerate(archives))
    archived = ArchivedObjects("vault", None, 9, objects)
    return list(archived_blockers(archived, "b1", restore="back", retrieve=retrieve, now=NOW))


def test_a_backup_that_can_be_read_is_not_blocked() -> None:
    """With or without --retrieve."""
    assert blockers() == blockers(retrieve="bulk") == []


def test_an_archived_backup_names_its_tiers_and_what_to_do() -> None:
    """With the hours of the slowest tier."""
    (found,) = blockers(Archive("GLACIER"), Archive("DEEP_ARCHIVE", retrieving=True))
    assert isinstance(found.error, ObjectArchived)
    assert found.message == (
        "2 of 9 objects of b1 are archived and cannot be read (1 in DEEP_ARCHIVE, 1 in GLACIER); "
        "S3 is retrieving 1 of them"
    )
    assert found.hint == (
        "run `ddbbackup restore back --retrieve standard` (up to 12 hours), or with `--retrieve bulk` (cheaper, "
        "up to 48 hours)"
    )


@pytest.mark.parametrize(
    ("tier", "retrieve", "back"),
    [
        ("GLACIER", "standard", "2026-11-27T03:30:00Z"),
        ("ARCHIVE_ACCESS", "bulk", "2026-11-27T10:30:00Z"),
        ("DEEP_ARCHIVE", "standard", "2026-11-27T10:30:00Z"),
        ("DEEP_ARCHIVE_ACCESS", "bulk", "2026-11-28T22:30:00Z"),
    ],
)
def test_a_run_that_asks_s3_says_when_to_come_back(
    tier: ArchiveTier, retrieve: RetrievalTier, back: str
) -> None:
    """The blocker is raised after the request, with exit code 75."""
    (found,) = blockers(Archive(tier), retrieve=retrieve)
    assert (type(found.error), found.error.exit_code, found.after_run) == (StillRetrieving, 75, True)
    assert back in found.message
    assert back in found.hint


@pytest.mark.parametrize("retrieve", [None, "bulk"])
def test_objects_that_are_under_way_are_only_waited_for(retrieve: RetrievalTier | None) -> None:
    """Nothing is asked for twice."""
    (found,) = blockers(Archive("GLACIER", retrieving=True), retrieve=retrieve)
    assert (found.message, found.error.exit_code) == ("S3 is still retrieving 1 of 9 objects of b1", 75)
    assert not found.after_run
