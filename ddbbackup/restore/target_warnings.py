"""Side effects of writing into an existing table, such as stream consumers that react to every item.

``preview`` shows the warnings, and a run logs them before it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import structlog

from ddbbackup import events
from ddbbackup.errors import DdbBackupError
from ddbbackup.model.arn import Arn
from ddbbackup.model.json_value import JsonObject, get_integer, get_object, get_objects, get_text
from ddbbackup.model.table_description import billing_mode
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.settings.kinesis import Kinesis
from ddbbackup.settings.ttl import TimeToLive
from ddbbackup.steps.permissions import INTO_TABLES, Permission

log = structlog.get_logger()
T = TypeVar("T")

PERMISSIONS: Final = tuple(
    Permission(f"dynamodb:{action}", "target", ("restore", "read"), INTO_TABLES, note="only for warnings")
    for action in ("DescribeTimeToLive", "DescribeKinesisStreamingDestination")
)


@dataclass(frozen=True, slots=True)
class ExistingTarget:
    """A target with the settings that its description does not include.

    ``kinesis_streams`` are the ARNs of the active destinations. ``unread`` says for each setting why it is unknown.
    """

    name: str
    description: JsonObject
    ttl_attribute: str | None = None
    kinesis_streams: Collection[str] = ()
    unread: Mapping[str, str] = field(default_factory=dict)


def read_target(cloud: Cloud, table: TableFacts) -> ExistingTarget:
    """Reads TTL and the Kinesis destinations. A missing permission is a warning, not an error. Blocks."""
    unread: dict[str, str] = {}
    attribute = _read(lambda: TimeToLive().normalize(cloud.settings.time_to_live(table.name)), "TTL", unread)
    streams = _read(
        lambda: Kinesis().normalize(cloud.settings.kinesis_destinations(table.name)),
        "Kinesis destinations",
        unread,
    )
    return ExistingTarget(table.name, table.description, attribute, streams or (), unread)


def target_warnings(target: ExistingTarget, *, overwrites: bool = False) -> tuple[str, ...]:
    """One sentence for each side effect. Pure. ``overwrites``: the restore may overwrite existing items."""
    return tuple(_warnings(target, overwrites=overwrites))


def log_target_warnings(cloud: Cloud, table: TableFacts, *, overwrites: bool = False) -> None:
    """Logs the warnings of an existing target. Blocks."""
    for message in target_warnings(read_target(cloud, table), overwrites=overwrites):
        log.warning(events.TARGET_WARNED, target=table.name, message=message)


def _warnings(target: ExistingTarget, *, overwrites: bool) -> Iterator[str]:
    yield from _consumers(target)
    yield from _time_to_live(target)
    yield from _capacity(target)
    if overwrites and target.description.get("DeletionProtectionEnabled"):
        yield f"deletion protection of {target.name} is enabled, but it does not prevent items from being overwritten"
    for what, reason in target.unread.items():
        yield f"could not read the {what} of {target.name}: {reason}"


def _consumers(target: ExistingTarget) -> Iterator[str]:
    stream = get_object(target.description, "StreamSpecification")
    if stream.get("StreamEnabled"):
        view = get_text(stream, "StreamViewType") or "view type unknown"
        yield (
            f"{target.name} has a stream ({view}): its consumers receive every write of the restore; DescribeTable "
            "does not list them, Lambda triggers included"
        )
    if target.kinesis_streams:
        names = ", ".join(Arn.parse(arn).resource_id for arn in target.kinesis_streams)
        yield f"{target.name} streams to Kinesis ({names}), which receives every write of the restore"
    replicas = [get_text(each, "RegionName") or "?" for each in get_objects(target.description, "Replicas")]
    if replicas:
        yield (
            f"{target.name} has replicas in {', '.join(replicas)}: AWS repeats, "
            "and bills, every write in each of them"
        )


def _time_to_live(target: ExistingTarget) -> Iterator[str]:
    if target.ttl_attribute is not None:
        yield (
            f"TTL is enabled for {target.name} (attribute {target.ttl_attribute}): DynamoDB deletes restored items "
            "that have expired since the backup"
        )


def _capacity(target: ExistingTarget) -> Iterator[str]:
    if billing_mode(target.description) == "PROVISIONED":
        units = get_integer(get_object(target.description, "ProvisionedThroughput"), "WriteCapacityUnits")
    else:
        units = get_integer(get_object(target.description, "OnDemandThroughput"), "MaxWriteRequestUnits")
    if units is not None and units >= 1:
        yield (
            f"{target.name} accepts {units} write units per second, which the restore shares with all other clients; "
            "ddbbackup does not change the capacity"
        )


def _read(read: Callable[[], T], what: str, unread: dict[str, str]) -> T | None:
    try:
        return read()
    except DdbBackupError as error:
        unread[what] = error.message
        return None
