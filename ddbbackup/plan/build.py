"""From data that has no problem to a frozen ``Plan``."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ddbbackup.plan.build_reporting import metrics, notification
from ddbbackup.plan.model import (
    AssumeRole,
    AwsSettings,
    Destination,
    Encryption,
    Expect,
    Limits,
    Plan,
    Restore,
    Retention,
    Source,
    TableEntry,
    Target,
)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def build(data: Mapping[str, Any], file: str) -> Plan:
    """``data`` has passed the schema and every rule."""
    destinations = {
        name: _destination(name, value) for name, value in _own(data.get("destinations", {})).items()
    }
    defaults = data.get("defaults", {})
    entries = tuple(
        _entry(position, {**applicable(defaults, entry), **entry}, destinations)
        for position, entry in enumerate(data.get("tables", ()))
    )
    restores = {
        name: _restore(name, value, entries, destinations)
        for name, value in _own(data.get("restores", {})).items()
    }
    return Plan(
        name=data["name"],
        file=file,
        aws=_aws(data.get("aws", {})),
        destinations=destinations,
        tables=entries,
        restores=restores,
        export_time=data.get("export_time", "latest"),
        notifications=tuple(
            notification(name, value) for name, value in _own(data.get("notifications", {})).items()
        ),
        metrics=metrics(data.get("metrics", {})),
        extensions={key: value for key, value in data.items() if key.startswith("x-")},
    )


def seconds(duration: str) -> int:
    """``15m`` is 900."""
    return int(duration[:-1]) * _UNITS[duration[-1]]


def _own(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: member for key, member in value.items() if not key.startswith("x-")}


def applicable(defaults: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """What of ``defaults`` may say something about this entry; what the entry says itself comes first."""
    selectors_only = ("exclude", "expect") if "name" in entry else ()
    return {key: value for key, value in _own(defaults).items() if key not in selectors_only}


def _aws(value: Mapping[str, Any]) -> AwsSettings:
    return AwsSettings(
        region=value.get("region"),
        account=value.get("account"),
        profile=value.get("profile"),
        assume_role=_role(value.get("assume_role")),
        endpoint_urls=dict(value.get("endpoint_urls", {})),
    )


def _role(value: Mapping[str, Any] | None) -> AssumeRole | None:
    return AssumeRole(value["role_arn"], value.get("external_id")) if value else None


def _destination(name: str, value: Mapping[str, Any]) -> Destination:
    encryption = value.get("encryption", {})
    return Destination(
        name=name,
        bucket=value["bucket"],
        prefix=value.get("prefix", ""),
        bucket_owner=value.get("bucket_owner"),
        encryption=Encryption(encryption.get("algorithm", "AES256"), encryption.get("kms_key_id")),
        require=tuple(value.get("require", ())),
    )


def _entry(position: int, value: Mapping[str, Any], destinations: Mapping[str, Destination]) -> TableEntry:
    expect, retention = value.get("expect"), value.get("retention")
    return TableEntry(
        position=position,
        destination=value.get("destination") or next(iter(destinations)),
        name=value.get("name"),
        match=value.get("match"),
        exclude=tuple(value.get("exclude", ())),
        tags=dict(value["tags"]) if "tags" in value else None,
        expect=Expect(expect.get("min"), expect.get("max")) if expect else None,
        method=value.get("method", "export"),
        pitr=value.get("pitr", "require"),
        rpo_seconds=seconds(value["rpo"]) if "rpo" in value else None,
        retention=Retention(**_own(retention)) if retention else None,
    )


def _restore(
    name: str,
    value: Mapping[str, Any],
    entries: tuple[TableEntry, ...],
    destinations: Mapping[str, Destination],
) -> Restore:
    to, limits = value.get("to", {}), value.get("limits", {})
    settings = to.get("settings")
    target = Target(
        table=to.get("table", "{table}"),
        create=to.get("create", "if-missing"),
        region=to.get("region"),
        account=to.get("account"),
        assume_role=_role(to.get("assume_role")),
        billing_mode=to.get("billing_mode"),
        settings=tuple(settings) if isinstance(settings, list) else settings,
    )
    return Restore(
        name=name,
        table=value["table"],
        source=_source(value.get("from", "latest")),
        target=target,
        destination=_destination_of(value["table"], entries, destinations),
        method=value.get("method", "auto"),
        existing=value.get("existing", "fail"),
        limits=Limits(limits.get("write_units_per_second"), limits.get("workers")),
    )


def _source(value: Any) -> Source:
    if isinstance(value, dict):
        return Source(
            export_arn=value.get("export_arn"),
            s3_uri=value.get("s3_uri"),
            bucket_owner=value.get("bucket_owner"),
        )
    if value == "latest":
        return Source(latest=True)
    return Source(time=value) if value[4] == "-" else Source(backup_id=value)


def _destination_of(
    table: str, entries: tuple[TableEntry, ...], destinations: Mapping[str, Destination]
) -> str | None:
    """Where the table's backups lie: its own entry says so, else the first selector that may choose it."""
    for entry in entries:
        if entry.name == table:
            return entry.destination
    for entry in entries:
        excluded = any(fnmatchcase(table, glob) for glob in entry.exclude)
        if not excluded and entry.match is not None and fnmatchcase(table, entry.match):
            return entry.destination
    for entry in entries:
        if entry.tags is not None:
            return entry.destination
    return next(iter(destinations), None)
