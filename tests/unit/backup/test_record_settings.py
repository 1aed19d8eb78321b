"""What a backup reports of the settings of its table."""

from __future__ import annotations

from ddbbackup.backup.record_settings import settings_not_read
from ddbbackup.catalog import ObservedSetting


def test_settings_that_no_restore_can_apply_are_reported() -> None:
    """A setting that the endpoint does not support is not one of them."""
    settings = {
        "ttl": ObservedSetting("unknown", reason="denied", message="no"),
        "kinesis": ObservedSetting("unknown", reason="unsupported", message="unknown operation"),
        "pitr": ObservedSetting("absent"),
    }
    assert settings_not_read(settings) == {"settings_not_read": ["ttl (denied)"]}
