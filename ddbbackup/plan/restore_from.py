"""``from`` of a restore, or ``--from``: a backup, an instant, or data that no record describes.

Read once; every reader matches on the kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from ddbbackup.model.backup_id import is_backup_id, is_short_id
from ddbbackup.times import InvalidTime, parse_time, to_iso


@dataclass(frozen=True, slots=True)
class Origin:
    """The account and Region in which backups were taken; None: that in which the plan runs."""

    account: str | None = None
    region: str | None = None

    def __str__(self) -> str:
        named = (("account", self.account), ("region", self.region))
        return ", ".join(f"{name} {value}" for name, value in named if value is not None)


@dataclass(frozen=True, slots=True)
class FromLatest:
    """The newest restore point."""

    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class FromBackup:
    """The restore point with this backup ID, which may be short: see ``model.backup_id``."""

    id: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class FromTime:
    """The newest restore point at this time, in UTC, or before it."""

    time: datetime
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class FromExport:
    """An export that AWS still knows."""

    arn: str


@dataclass(frozen=True, slots=True)
class FromFolder:
    """A folder in S3. ``bucket_owner`` is the account that must own the bucket."""

    uri: str
    bucket_owner: str | None = None


@dataclass(frozen=True, slots=True)
class FromFolders:
    """The folders of a chain in S3: a full export, then its windows in the order of time."""

    uris: tuple[str, ...]
    bucket_owner: str | None = None


FromCatalog = FromLatest | FromBackup | FromTime
"""What the records of the plan describe."""
RestoreFrom = FromCatalog | FromExport | FromFolder | FromFolders


def parse_from(text: str, *, now: datetime, origin: Origin | None = None) -> FromCatalog:
    """``latest``, a backup ID, also a short one, or a time as ``parse_time`` reads it. Raises ``InvalidTime``."""
    if text == "latest":
        return FromLatest(origin)
    if is_backup_id(text) or is_short_id(text):
        return FromBackup(text, origin)
    if not text[:1].isdecimal():
        raise InvalidTime(
            f"{text!r} is not a backup or a time",
            hint="use `latest`, a backup ID from `ddbbackup list`, a time such as 2026-11-23T14:00:00Z, a date, "
            "or a duration ago such as 2h",
        )
    return FromTime(parse_time(text, now=now), origin)


def describe(source: RestoreFrom) -> str:
    """In a few words for people."""
    match source:
        case FromExport(arn):
            return arn
        case FromFolder(uri):
            return uri
        case FromFolders(uris):
            return f"{uris[0]} and {len(uris) - 1} more"
        case FromLatest(origin):
            backup = "latest"
        case FromBackup(backup, origin):
            pass
        case FromTime(time, origin):
            backup = to_iso(time)
        case _:
            assert_never(source)
    return backup if origin is None else f"{backup} of {origin}"


def as_plan_value(source: RestoreFrom) -> str | dict[str, Any]:
    """What a plan would say in ``from``."""
    match source:
        case FromExport(arn):
            return {"export_arn": arn}
        case FromFolder(uri, owner):
            return {"s3_uri": uri, **_present(bucket_owner=owner)}
        case FromFolders(uris, owner):
            return {"s3_uris": list(uris), **_present(bucket_owner=owner)}
        case FromLatest(origin):
            backup = "latest"
        case FromBackup(backup, origin):
            pass
        case FromTime(time, origin):
            backup = to_iso(time)
        case _:
            assert_never(source)
    if origin is None:
        return backup
    return {**_present(account=origin.account, region=origin.region), "backup": backup}


def _present(**members: str | None) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}
