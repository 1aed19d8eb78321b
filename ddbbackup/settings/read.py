"""Reads the settings of a table that DescribeTable does not return. Never fails: an unreadable setting is unknown."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from ddbbackup.catalog import ObservedSetting
from ddbbackup.catalog.observed_setting import ABSENT, Reason
from ddbbackup.errors import AccessDenied, DdbBackupError, NotSupported, Throttled, Unreachable
from ddbbackup.ports import TableFacts
from ddbbackup.settings import SETTINGS
from ddbbackup.settings.setting import SettingsSnapshot, SettingWithApi, V
from ddbbackup.steps.aws_caller import AwsCaller

_REASONS: Final[tuple[tuple[type[DdbBackupError], Reason], ...]] = (
    (AccessDenied, "denied"),
    (NotSupported, "unsupported"),
    (Throttled, "throttled"),
    (Unreachable, "unreachable"),
)


async def read_settings(
    call_aws: AwsCaller, table: TableFacts, *, only: Container[str] | None = None
) -> dict[str, ObservedSetting]:
    """By name, all settings that DescribeTable does not return, or some of them."""
    return {
        setting.name: await read_setting(call_aws, setting, table)
        for setting in SETTINGS
        if isinstance(setting, SettingWithApi) and (only is None or setting.name in only)
    }


async def read_setting(call_aws: AwsCaller, setting: SettingWithApi[V], table: TableFacts) -> ObservedSetting:
    """One setting, with the response of AWS unchanged.

    A service other than DynamoDB that was unreachable is not called again in the same run. Without a route to it, as
    in a subnet that has VPC endpoints for DynamoDB and S3 only, each call would take about 20 seconds.
    """
    action = setting.read_actions[-1]
    service = action.partition(":")[0]
    unreachable = call_aws.context.rate_limits.unreachable
    try:
        if service in unreachable:
            raise unreachable[service]
        response = await setting.read(call_aws, table)
        observed = ObservedSetting("present", response) if response is not None else ABSENT
        if setting.observe(SettingsSnapshot(table.description, {setting.name: observed})).is_absent:
            return ObservedSetting("absent", response)
    except DdbBackupError as error:
        if isinstance(error, Unreachable) and service != "dynamodb":
            unreachable[service] = error
        return ObservedSetting("unknown", reason=_reason(error), message=error.message)
    except Exception as error:  # noqa: BLE001 - a response of a future version of AWS must not fail a backup
        message = f"the response of {action} is not understood ({type(error).__name__})"
        return ObservedSetting("unknown", reason="failed", message=message)
    return observed


def _reason(error: DdbBackupError) -> Reason:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "failed")
