"""What a backup reports of the settings of its table."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ddbbackup.backup.record_settings import settings_not_read
from ddbbackup.catalog import ObservedSetting


def test_settings_that_no_restore_can_apply_are_reported() -> None:
    """A setting that the endpoint does not support is not one of them."""
    record: Any = SimpleNamespace(
        settings={
            "ttl": ObservedSetting("unknown", reason="denied", message="no"),
            "kinesis": ObservedSetting("unknown", reason="unsupported", message="unknown operation"),
            "pitr": ObservedSetting("absent"),
        }
    )
    assert settings_not_read(record) == {"settings_not_read": ["ttl (denied)"]}


def test_nothing_is_reported_before_settings_were_read() -> None:
    record: Any = SimpleNamespace(settings=None)
    assert settings_not_read(record) == {}
