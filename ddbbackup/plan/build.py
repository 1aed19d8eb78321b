"""From data without problems to a frozen ``Plan``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ddbbackup.model.encryption import Encryption
from ddbbackup.model.item_path import parse_path
from ddbbackup.plan.likely_entry import likely_entry
from ddbbackup.plan.model import (
    DEFAULT_PREFIX,
    AssumeRole,
    AwsSettings,
    Change,
    Destination,
    Expect,
    Limits,
    Metrics,
    Notification,
    Only,
    OpenTelemetry,
    Plan,
    Pushgateway,
    Restore,
    Retention,
    TableEntry,
    TableSelector,
    Target,
)
from ddbbackup.plan.restore_from import FromExport, FromFolder, FromFolders, Origin, RestoreFrom, parse_from
from ddbbackup.times import parse_duration

_ADDRESS_KEYS: Final = {"ping": "url", "slack": "webhook_url", "sns": "topic_arn", "webhook": "url"}


def build(data: Mapping[str, Any], file: str, *, now: datetime) -> Plan:
    """The plan of ``data`` that has passed the schema and every rule. Times such as ``2h`` are before ``now``."""
    destinations = {
        name: _destination(name, value)
        for name, value in without_extensions(data.get("destinations", {})).items()
    }
    defaults = data.get("defaults", {})
    entries = tuple(
        _table_entry(position, {**applicable_defaults(defaults, entry), **entry}, destinations)
        for position, entry in enumerate(data.get("tables", ()))
    )
    restores = {
        name: build_restore(name, value, entries, destinations, now=now)
        for name, value in without_extensions(data.get("restores", {})).items()
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
            _notification(name, value)
            for name, value in without_extensions(data.get("notifications", {})).items()
        ),
        metrics=_metrics(data.get("metrics", {})),
    )


def without_extensions(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping without its ``x-`` keys."""
    return {key: value for key, value in mapping.items() if not key.startswith("x-")}


def applicable_defaults(defaults: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The members of ``defaults`` that can apply to this table entry, whether or not it sets them itself."""
    not_for_names = ("exclude", "expect", "overlap") if "name" in entry else ()
    return {key: value for key, value in without_extensions(defaults).items() if key not in not_for_names}


def _aws(value: Mapping[str, Any]) -> AwsSettings:
    return AwsSettings(
        region=value.get("region"),
        account=value.get("account"),
        profile=value.get("profile"),
        assume_role=_assume_role(value.get("assume_role")),
        endpoint_urls=without_extensions(value.get("endpoint_urls", {})),
    )


def _assume_role(value: Mapping[str, Any] | None) -> AssumeRole | None:
    return AssumeRole(value["role_arn"], value.get("external_id")) if value else None


def _destination(name: str, value: Mapping[str, Any]) -> Destination:
    encryption = value.get("encryption", {})
    return Destination(
        name=name,
        bucket=value["bucket"],
        prefix=value.get("prefix", DEFAULT_PREFIX),
        bucket_owner=value.get("bucket_owner"),
        encryption=Encryption(encryption.get("algorithm", "AES256"), encryption.get("kms_key_id")),
        require=tuple(value.get("require", ())),
    )


def _table_entry(
    position: int, value: Mapping[str, Any], destinations: Mapping[str, Destination]
) -> TableEntry:
    expect = value.get("expect")
    return TableEntry(
        position=position,
        destination=value.get("destination") or next(iter(destinations)),
        name=value.get("name"),
        match=value.get("match"),
        exclude=tuple(value.get("exclude", ())),
        tags=dict(value["tags"]) if "tags" in value else None,
        expect=Expect(expect.get("min"), expect.get("max")) if expect else None,
        overlap=value.get("overlap", "fail"),
        method=value.get("method", "export"),
        pitr=value.get("pitr", "require"),
        full_every_seconds=parse_duration(value.get("full_every", "30d")),
        view=value.get("view", "NEW_AND_OLD_IMAGES"),
        verify=value.get("verify", "checksums"),
        read_units_per_second=value.get("limits", {}).get("read_units_per_second"),
        rpo_seconds=parse_duration(value["rpo"]) if "rpo" in value else None,
        retention=_retention(value["retention"]) if "retention" in value else None,
    )


def _retention(value: Mapping[str, Any]) -> Retention:
    rules = without_extensions(value)
    within = rules.pop("keep_within", None)
    return Retention(**rules, keep_within_seconds=parse_duration(within) if within is not None else None)


def build_restore(
    name: str,
    value: Mapping[str, Any],
    entries: tuple[TableEntry, ...],
    destinations: Mapping[str, Destination],
    *,
    now: datetime,
) -> Restore:
    """One element of ``restores`` that has passed the schema and every rule."""
    selector = _selector(value)
    table = value["table"] if selector is None else _pattern(selector)
    schema_only = value.get("schema_only", False)
    to, limits = value.get("to", {}), value.get("limits", {})
    settings = to.get("settings")
    target = Target(
        table=to.get("table", "{table}"),
        create=to.get("create", "if-missing"),
        region=to.get("region"),
        account=to.get("account"),
        assume_role=_assume_role(to.get("assume_role")),
        billing_mode=to.get("billing_mode"),
        indexes=to.get("indexes", "with-table"),
        settings=tuple(settings) if isinstance(settings, list) else settings,
        allow=tuple(to.get("allow", ())),
    )
    return Restore(
        name=name,
        table=table,
        source=_source(value.get("from", "latest"), now),
        target=target,
        destination=_destination_of(table, entries, destinations) if selector is None else None,
        method=value.get("method", "auto") if not schema_only else "write",
        existing=value.get("existing", "fail"),
        limits=Limits(
            limits.get("write_units_per_second"),
            limits.get("workers"),
            limits.get("load_capacity", "on-demand") if not schema_only else "as-recorded",
            limits.get("max_deletes_percent", 10),
            limits.get("read_units_per_second"),
        ),
        selector=selector,
        schema_only=schema_only,
        change=_change(value["change"]) if "change" in value else None,
        only=_only(value["only"]) if "only" in value else None,
    )


def _selector(value: Mapping[str, Any]) -> TableSelector | None:
    if "table" in value:
        return None
    match = value.get("match", ())
    return TableSelector(
        match=(match,) if isinstance(match, str) else tuple(match),
        tags=dict(value.get("tags", {})),
        exclude=tuple(value.get("exclude", ())),
    )


def _pattern(selector: TableSelector) -> str:
    """A glob pattern that all selected names match: the only one, or any name."""
    return selector.match[0] if len(selector.match) == 1 else "*"


def _change(value: Mapping[str, Any]) -> Change:
    hashed = value.get("hash", {})
    return Change(
        drop=tuple(map(parse_path, value.get("drop", ()))),
        hashed=tuple(map(parse_path, hashed.get("paths", ()))),
        assigned=tuple(
            (parse_path(path), _attribute_value(each)) for path, each in value.get("set", {}).items()
        ),
        key=hashed.get("key", ""),
    )


def _attribute_value(value: str | Mapping[str, Any]) -> Mapping[str, Any]:
    return {"S": value} if isinstance(value, str) else value


def _only(value: Mapping[str, Any]) -> Only:
    return Only(
        keys=tuple(dict(key) for key in value.get("keys", ())),
        partition=value.get("partition"),
        where=value.get("where"),
        names=dict(value.get("names", {})),
        values=dict(value.get("values", {})),
    )


def _source(value: str | Mapping[str, Any], now: datetime) -> RestoreFrom:
    if isinstance(value, str):
        return parse_from(value, now=now)
    if "account" in value or "region" in value:
        origin = Origin(value.get("account"), value.get("region"))
        return parse_from(value.get("backup", "latest"), now=now, origin=origin)
    if "export_arn" in value:
        return FromExport(value["export_arn"])
    if "s3_uris" in value:
        return FromFolders(tuple(value["s3_uris"]), value.get("bucket_owner"))
    return FromFolder(value["s3_uri"], value.get("bucket_owner"))


def _destination_of(
    table: str, entries: tuple[TableEntry, ...], destinations: Mapping[str, Destination]
) -> str | None:
    entry = likely_entry(table, entries)
    return entry.destination if entry is not None else next(iter(destinations), None)


def _notification(name: str, value: Mapping[str, Any]) -> Notification:
    channel = next(key for key in _ADDRESS_KEYS if key in value)
    return Notification(
        name=name,
        channel=channel,  # type: ignore[arg-type]  # one of the four, by the schema
        address=value[channel][_ADDRESS_KEYS[channel]],
        headers=dict(value[channel].get("headers", {})),
        when=("always",) if channel == "ping" else tuple(value.get("when", Notification.when)),
        verbs=tuple(value.get("verbs", Notification.verbs)),
        timeout_seconds=parse_duration(value.get("timeout", "10s")),
    )


def _metrics(value: Mapping[str, Any]) -> Metrics:
    pushgateway, opentelemetry = value.get("pushgateway"), value.get("opentelemetry")
    return Metrics(
        textfile=value.get("textfile"),
        pushgateway=None
        if pushgateway is None
        else Pushgateway(
            pushgateway["url"], pushgateway.get("job", "ddbbackup"), dict(pushgateway.get("headers", {}))
        ),
        opentelemetry=None
        if opentelemetry is None
        else OpenTelemetry(opentelemetry.get("endpoint") or None, dict(opentelemetry.get("headers", {}))),
    )
