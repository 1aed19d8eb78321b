"""How long a verification takes, as the preview of a backup says it."""

from __future__ import annotations

import os

import pytest

from ddbbackup.catalog import RecordedData
from ddbbackup.steps.verification import estimated_verifications


def test_each_level_is_estimated_from_the_last_backup(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing by files, checksums by bytes, items by their number."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    data = RecordedData(item_count=100_000_000, file_count=1_000_000, size_bytes=30_000_000_000)
    assert estimated_verifications(data) == {"listing": 6, "checksums": 101, "items": 252}
    assert set(estimated_verifications(RecordedData()).values()) == {None}
