"""The rules of on-demand backups: descriptions, lists, and what AWS refuses, as observed on AWS unless marked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.aws_error import AwsError

PAGE: Final = 100
KEPT_SECONDS: Final = 35 * 86_400.0  # the backup of a deleted table with point-in-time recovery
_NAME: Final = r"[a-zA-Z0-9_.-]{3,255}"
_VALIDATION: Final = "ValidationException"
Content = TypeVar("Content")


@dataclass(slots=True)
class BackupState(Generic[Content]):
    """One on-demand backup. ``content`` is what the table was, None until the backup is AVAILABLE."""

    arn: str
    name: str
    table_name: str
    table_arn: str
    table_id: str
    created: float
    source: Mapping[str, Any]  # SourceTableDetails
    features: Mapping[str, Any]  # SourceTableFeatureDetails
    size_bytes: int
    type: str = "USER"
    expires: float | None = None
    content: Content | None = field(default=None)
    restores: set[str] = field(default_factory=set)  # ARNs of the tables that are being restored from it

    @property
    def status(self) -> str:
        return "CREATING" if self.content is None else "AVAILABLE"


def check_name(name: str) -> None:
    if not re.fullmatch(_NAME, name):
        raise AwsError(
            _VALIDATION,
            f"1 validation error detected: Value '{name}' at 'backupName' failed to satisfy constraint: Member must "
            f"satisfy regular expression pattern: {_NAME}",
        )


def find(backups: Sequence[BackupState[Content]], arn: str, account: str) -> BackupState[Content]:
    """AWS does not compare the region of the ARN. Raises ``AwsError``."""
    parsed = Arn.parse_if_arn(arn)
    if parsed is None or "/backup/" not in arn:
        raise AwsError(_VALIDATION, "Invalid Backup ARN")
    if parsed.account != account:
        raise AwsError("AccessDeniedException", "Access is denied")
    for backup in backups:
        if _resource(backup.arn) == _resource(arn):
            return backup
    raise AwsError("BackupNotFoundException", f"Backup not found: {arn}")


def _resource(arn: str) -> str:
    return arn.split(":", 5)[5]


def check_delete(backup: BackupState[Content]) -> None:
    if backup.type == "SYSTEM":
        arn, time = backup.arn, backup.expires
        raise AwsError(
            _VALIDATION,
            f"User is not allowed to delete the system backup with arn {arn}. It will automatically expire on {time}",
        )
    if backup.content is None:  # not observed: small backups are AVAILABLE at once
        raise AwsError("BackupInUseException", f"The sandbox: backup is being created: {backup.arn}")
    if backup.restores:
        arn = backup.arn
        raise AwsError("BackupInUseException", f"Backup is being used to restore table: {arn}")


def check_restore(backup: BackupState[Content]) -> Content:
    """The content of a backup that can be restored: one restore at a time."""
    if backup.content is None:  # not observed, as above
        raise AwsError("BackupInUseException", f"The sandbox: backup is being created: {backup.arn}")
    if backup.restores:
        arn = backup.arn
        raise AwsError("BackupInUseException", f"Backup is being used to restore another table: {arn}")
    return backup.content


def details(backup: BackupState[Content], status: str | None = None) -> dict[str, Any]:
    """BackupDetails. Only backups of the type SYSTEM expire."""
    return {
        "BackupArn": backup.arn,
        "BackupName": backup.name,
        "BackupSizeBytes": backup.size_bytes,
        "BackupStatus": status or backup.status,
        "BackupType": backup.type,
        "BackupCreationDateTime": backup.created,
        **({"BackupExpiryDateTime": backup.expires} if backup.expires is not None else {}),
    }


def describe(backup: BackupState[Content], status: str | None = None) -> dict[str, Any]:
    """BackupDescription."""
    return {
        "BackupDetails": details(backup, status),
        "SourceTableDetails": backup.source,
        "SourceTableFeatureDetails": backup.features,
    }


def page(backups: Sequence[BackupState[Content]], request: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackups by creation time, the oldest first. SYSTEM backups are listed on request only."""
    size = int(request.get("Limit") or PAGE)
    if not 1 <= size <= PAGE:
        raise AwsError(_VALIDATION, "Limit must be between 1 and 100")
    lower, upper = request.get("TimeRangeLowerBound"), request.get("TimeRangeUpperBound")
    if lower is not None and upper is not None and lower > upper:
        raise AwsError(_VALIDATION, "Time range lower bound must be less than or equal to upper bound")
    kind, after = request.get("BackupType", "USER"), request.get("ExclusiveStartBackupArn")
    table = Arn.parse_if_arn(str(request.get("TableName") or ""))
    name = table.table_name if table else request.get("TableName")
    listed = sorted(
        (
            backup
            for backup in backups
            if name in (None, backup.table_name)
            and kind in ("ALL", backup.type)
            and (lower is None or backup.created >= lower)
            and (upper is None or backup.created < upper)
            and (after is None or _order(backup.arn) > _order(after))
        ),
        key=lambda backup: _order(backup.arn),
    )
    response: dict[str, Any] = {"BackupSummaries": [_summary(backup) for backup in listed[:size]]}
    if len(listed) > size:
        response["LastEvaluatedBackupArn"] = listed[size - 1].arn
    return response


def _order(arn: str) -> str:
    """The id of a backup begins with the milliseconds of its creation."""
    return arn.rpartition("/")[2]


def _summary(backup: BackupState[Content]) -> dict[str, Any]:
    return {
        "TableName": backup.table_name,
        "TableId": backup.table_id,
        "TableArn": backup.table_arn,
        **details(backup),
    }
