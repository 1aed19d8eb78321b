"""Which objects of an export are archived, as the listing and HeadObject say."""

from __future__ import annotations

from ddbbackup.catalog.archived import archived_among
from ddbbackup.errors import AccessDenied
from ddbbackup.ports import Archive, ObjectFacts
from tests.support.memory import MemoryObjects


class Heads(MemoryObjects):
    """Answers HeadObject with what a test says; None: the caller may not ask. ``asked`` are the keys."""

    def __init__(self, **archives: Archive | None) -> None:
        super().__init__()
        self.heads = archives
        self.asked: list[str] = []

    def head(self, bucket: str, key: str, *, owner: str | None = None) -> ObjectFacts | None:
        self.asked.append(key)
        if key not in self.heads:
            raise AccessDenied("Forbidden (403)", hint="-")
        return ObjectFacts(key, 1, '"e"', archive=self.heads[key])


def listed(key: str, archive: Archive | None = None, *, tiered: bool = False) -> ObjectFacts:
    return ObjectFacts(key, 10, '"e"', archive=archive, tiered=tiered)


def test_only_objects_in_intelligent_tiering_are_asked_for() -> None:
    """A listing shows a thousand objects in one request, HeadObject one."""
    heads = Heads(quick=None, slow=Archive("ARCHIVE_ACCESS", retrieving=True))
    found = archived_among(
        heads,
        "vault",
        [
            listed("plain"),
            listed("cold", Archive("GLACIER")),
            listed("quick", tiered=True),
            listed("slow", tiered=True),
        ],
        None,
    )
    assert sorted(heads.asked) == ["quick", "slow"]
    assert [each.key for each in found.resting] == ["cold"]
    assert [each.key for each in found.retrieving] == ["slow"]
    assert (found.total, found.size_bytes, found.unknown) == (4, 20, 0)
    assert found.tiers == "1 in ARCHIVE_ACCESS, 1 in GLACIER"


def test_objects_that_may_not_be_asked_for_are_unknown() -> None:
    """A role that only reads the catalog may list data files, but not ask for one."""
    found = archived_among(Heads(), "vault", [listed("a", tiered=True), listed("b", tiered=True)], None)
    assert (found.objects, found.unknown) == ((), 2)
