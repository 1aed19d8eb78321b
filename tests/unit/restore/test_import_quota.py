"""The quotas of imports (DynamoDB guide: Quotas)."""

from __future__ import annotations

import pytest

from ddbbackup.restore.import_quota import RunningImports, quota_blockers, quota_bytes

TERABYTE = 1024**4


@pytest.mark.parametrize(
    ("running", "size_bytes", "region", "words"),
    [
        (RunningImports(49, 0), TERABYTE, "eu-central-1", None),
        (RunningImports(50, 0), 1, "eu-central-1", "50 imports are running in eu-central-1"),
        (RunningImports(0, 0), TERABYTE + 1, "eu-central-1", "exceed the 1024 GiB"),
        (RunningImports(1, TERABYTE), 1, "eu-central-1", "running imports read (1024 GiB) exceed"),
        (RunningImports(1, TERABYTE), 14 * TERABYTE, "us-east-1", None),
        (RunningImports(1, TERABYTE), 14 * TERABYTE + 1, "us-west-2", "exceed the 15360 GiB"),
    ],
)
def test_an_import_beyond_a_quota_is_refused_in_one_sentence(
    running: RunningImports, size_bytes: int, region: str, words: str | None
) -> None:
    """50 at a time; 15 TB of objects in three Regions, 1 TB elsewhere."""
    found = [each.message for each in quota_blockers(running, size_bytes, region)]
    assert [words in message for message in found if words] == ([True] if words else [])
    assert bool(found) == bool(words)


def test_the_hint_says_whether_waiting_helps() -> None:
    """It does not if the backup alone exceeds the quota."""
    for size_bytes, waits in ((1, True), (TERABYTE + 1, False)):
        (found,) = quota_blockers(RunningImports(1, TERABYTE), size_bytes, "eu-central-1")
        assert ("wait" in found.hint) == waits
    assert quota_bytes("eu-west-1") == 15 * TERABYTE
