"""What writing into an existing table sets off besides the writes: said before, by ``preview`` and in the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import structlog

from ddbbackup import events
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.arn import Arn
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.steps.permissions import INTO_TABLES, Permission

log = structlog.get_logger()
T = TypeVar("T")

PERMISSIONS: Final = tuple(
    Permission(f"dynamodb:{action}", "target", ("restore", "read"), INTO_TABLES, note="only to warn")
    for action in ("DescribeTimeToLive", "DescribeKinesisStreamingDestination")
)


@dataclass(frozen=True, slots=True)
class TargetLook:
    """An existing target with what its description does not say; ``unread`` holds what could not be read, and why."""

    name: str
    description: Mapping[str, Any]
    time_to_live: Mapping[str, Any] = field(default_factory=dict)
    kinesis: Sequence[Mapping[str, Any]] = ()
    unread: Mapping[str, str] = field(default_factory=dict)


def look_at_target(cloud: Cloud, table: TableFacts) -> TargetLook:
    """Reads time to live and Kinesis destinations; not to be allowed to is a warning, not a failure. Blocks."""
    unread: dict[str, str] = {}
    ttl = _read(lambda: cloud.settings.time_to_live(table.name), "time to live", unread)
    kinesis = _read(lambda: cloud.settings.kinesis_destinations(table.name), "Kinesis destinations", unread)
    return TargetLook(table.name, table.description, ttl or {}, kinesis or (), unread)


def warnings_of(look: TargetLook, *, overwrites: bool = False) -> tuple[str, ...]:
    """One sentence a warning. Pure. ``overwrites``: items that are there may be written over."""
    found = [*_consumers(look), *_time_to_live(look), *_capacity(look)]
    if overwrites and look.description.get("DeletionProtectionEnabled"):
        found.append(
            f"deletion protection of {look.name} is on, but it does not protect items from being written over"
        )
    found += [f"the {what} of {look.name} could not be read: {why}" for what, why in look.unread.items()]
    return tuple(found)


def warn_of_target(cloud: Cloud, table: TableFacts | None, *, target: str, overwrites: bool = False) -> None:
    """Logs every warning of an existing target. Blocks."""
    if table is None:
        return
    for message in warnings_of(look_at_target(cloud, table), overwrites=overwrites):
        log.warning(events.TARGET_WARNED, target=target, message=message)


def _consumers(look: TargetLook) -> list[str]:
    found = []
    stream = look.description.get("StreamSpecification") or {}
    if stream.get("StreamEnabled"):
        found.append(
            f"{look.name} has a stream ({stream.get('StreamViewType', 'view type unknown')}): every put appears in "
            "it, and whatever reads it acts on it; Lambda triggers among them cannot be seen from the table"
        )
    active = [
        each for each in look.kinesis if each.get("DestinationStatus") in ("ACTIVE", "ENABLING", "UPDATING")
    ]
    if active:
        arns = [Arn.parse_if_arn(str(each.get("StreamArn"))) for each in active]
        names = ", ".join(arn.resource_id if arn else "?" for arn in arns)
        found.append(f"{look.name} streams to Kinesis ({names}): every put is sent there")
    replicas = [str(each.get("RegionName", "?")) for each in look.description.get("Replicas") or ()]
    if replicas:
        found.append(
            f"{look.name} has replicas in {', '.join(replicas)}: every put is made, and billed, there too"
        )
    return found


def _time_to_live(look: TargetLook) -> list[str]:
    ttl = look.time_to_live
    if ttl.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
        return []
    said = (
        f"time to live is on for {look.name} ({ttl.get('AttributeName', '?')}): items of the backup that have "
        "expired since will be deleted again"
    )
    return [said]


def _capacity(look: TargetLook) -> list[str]:
    mode = (look.description.get("BillingModeSummary") or {}).get("BillingMode") or "PROVISIONED"
    if mode == "PROVISIONED":
        units = (look.description.get("ProvisionedThroughput") or {}).get("WriteCapacityUnits")
    else:
        units = (look.description.get("OnDemandThroughput") or {}).get("MaxWriteRequestUnits")
    if not units or int(units) < 1:
        return []
    said = (
        f"{look.name} takes {units} write units per second, which the restore shares with everybody else; "
        "ddbbackup changes no capacity"
    )
    return [said]


def _read(look: Callable[[], T], what: str, unread: dict[str, str]) -> T | None:
    try:
        return look()
    except DdbBackupError as error:
        unread[what] = error.message
        return None
