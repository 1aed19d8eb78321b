"""A valid plan as frozen values.

Durations are whole seconds. Keys that the plan leaves out have the defaults of the schema.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

from ddbbackup.model.encryption import Encryption
from ddbbackup.model.item_path import ItemPath
from ddbbackup.plan.restore_from import FromCatalog, Origin, RestoreFrom

Method = Literal["export", "incremental", "scan", "snapshot"]
View = Literal["NEW_IMAGE", "NEW_AND_OLD_IMAGES"]
VerifyLevel = Literal["listing", "checksums", "items"]
RestoreMethod = Literal["auto", "write", "bulk-put", "import", "point-in-time", "snapshot"]
Existing = Literal["fail", "overwrite", "keep", "mirror"]


DEFAULT_PREFIX: Final = "{account}/{region}/{table}/"


@dataclass(frozen=True, slots=True)
class AssumeRole:
    role_arn: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """``aws``. None leaves the choice to the SDK; ``endpoint_urls`` are by service: dynamodb, s3, sts, …"""

    region: str | None = None
    account: str | None = None
    profile: str | None = None
    assume_role: AssumeRole | None = None
    endpoint_urls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Destination:
    """One of ``destinations``; ``prefix`` is a template with {account}, {region}, {table} and {plan}."""

    name: str
    bucket: str
    prefix: str = DEFAULT_PREFIX
    bucket_owner: str | None = None
    encryption: Encryption = field(default_factory=Encryption)
    require: tuple[Literal["versioning", "object_lock", "public_access_block"], ...] = ()


@dataclass(frozen=True, slots=True)
class Expect:
    min: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """Which restore points of a table to keep; 0 and None: the rule is not set. A plan sets at least one rule."""

    keep_last: int = 0
    keep_hourly: int = 0
    keep_daily: int = 0
    keep_weekly: int = 0
    keep_monthly: int = 0
    keep_yearly: int = 0
    keep_within_seconds: int | None = None
    min_verified: int = 1


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One element of ``tables``, with ``defaults`` applied.

    ``full_every_seconds`` and ``view`` belong to ``method: incremental``: when a new full export begins a chain, and
    which images windows have. ``verify`` is how thoroughly a new backup is verified. ``read_units_per_second`` is for
    ``method: scan``. Exactly one of ``name``, ``match`` and ``tags`` is set.
    ``position`` is its index in the plan. ``overlap``: what it means if a later entry selects the same tables.
    """

    position: int
    destination: str
    name: str | None = None
    match: str | None = None
    exclude: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None
    expect: Expect | None = None
    overlap: Literal["fail", "first"] = "fail"
    method: Method = "export"
    pitr: Literal["require", "enable"] = "require"
    full_every_seconds: int = 30 * 86_400
    view: View = "NEW_AND_OLD_IMAGES"
    verify: VerifyLevel = "checksums"
    read_units_per_second: int | None = None
    rpo_seconds: int | None = None
    retention: Retention | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """``to``; ``table`` is a template with {table}, {date} and {run}. ``settings`` None selects the defaults.

    ``allow``: accounts that recorded settings may give access to the target; ``*`` for everyone. ``indexes``: when
    global secondary indexes are created.
    """

    table: str = "{table}"
    create: Literal["never", "if-missing", "new"] = "if-missing"
    region: str | None = None
    account: str | None = None
    assume_role: AssumeRole | None = None
    billing_mode: Literal["PAY_PER_REQUEST", "PROVISIONED"] | None = None
    indexes: Literal["with-table", "after-load"] = "with-table"
    settings: Literal["all", "none"] | tuple[str, ...] | None = None
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper limits; None is no limit, and as many workers as the machine has cores.

    ``load_capacity``: the capacity of a table that the restore creates, until it has all data.
    ``max_deletes_percent``: of the items that the table holds, for ``existing: mirror``. ``read_units_per_second``:
    of the scan of the table that is compared, for ``existing: mirror`` and ``diff``.
    """

    write_units_per_second: int | None = None
    workers: int | None = None
    load_capacity: Literal["on-demand", "as-recorded"] = "on-demand"
    max_deletes_percent: int = 10
    read_units_per_second: int | None = None


KeyValue = str | Mapping[str, Any]
"""The value of a key attribute: with its type, or as a text that gets the type that the table says."""


@dataclass(frozen=True, slots=True)
class Only:
    """Which items to restore; one of ``keys``, ``partition`` and ``where`` is set.

    ``names`` and ``values`` are the placeholders of ``where``. They and the keys may be personal data.
    """

    keys: tuple[Mapping[str, KeyValue], ...] = field(default=(), repr=False)
    partition: KeyValue | None = field(default=None, repr=False)
    where: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """For people, without values."""
        if self.where is not None:
            return f"items that match `{self.where}`"
        if self.partition is not None:
            return "items of the given partition"
        return (
            f"items with the {len(self.keys)} given keys"
            if len(self.keys) > 1
            else "items with the given key"
        )

    @property
    def digest(self) -> str:
        """The same for the same selection."""
        parts = [list(self.keys), self.partition, self.where, dict(self.names), dict(self.values)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class TableSelector:
    """``match``, ``tags`` and ``exclude`` of a restore of many tables. Either ``match`` or ``tags`` is set."""

    match: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()

    def admits(self, table: str) -> bool:
        """Whether the name of the table allows it; its tags may still not."""
        if any(fnmatchcase(table, glob) for glob in self.exclude):
            return False
        return not self.match or any(fnmatchcase(table, glob) for glob in self.match)

    def __str__(self) -> str:
        """For messages: ``billing-*``, or ``team=billing``."""
        return ", ".join(self.match) or ", ".join(f"{key}={value}" for key, value in self.tags.items())


@dataclass(frozen=True, slots=True)
class Change:
    """``change``: what happens to each item on its way. ``key`` is the secret of the hashes.

    ``assigned`` are paths with attribute values such as ``{"S": "x"}``.
    """

    drop: tuple[ItemPath, ...] = ()
    hashed: tuple[ItemPath, ...] = ()
    assigned: tuple[tuple[ItemPath, Mapping[str, Any]], ...] = ()
    key: str = field(default="", repr=False)

    @property
    def removed(self) -> frozenset[str]:
        """The attributes of items that no item keeps as it is: dropped, set, or changed inside."""
        inside = (path for path in self.hashed if len(path) > 1)
        paths = (*self.drop, *inside, *(path for path, _ in self.assigned))
        return frozenset(str(path[0]) for path in paths)


@dataclass(frozen=True, slots=True)
class Restore:
    """One element of ``restores``. ``destination`` is that of the table entry that backs up ``table``, if any.

    With ``selector``, the element is for many tables: ``table`` is a pattern that all their names match, and
    ``destination`` is None. ``sources/selected_tables.py`` makes a restore of each of its tables.
    ``schema_only``: the table and its settings, without items.
    """

    name: str
    table: str
    source: RestoreFrom
    target: Target
    destination: str | None = None
    method: RestoreMethod = "auto"
    existing: Existing = "fail"
    limits: Limits = Limits()
    selector: TableSelector | None = None
    schema_only: bool = False
    change: Change | None = None
    only: Only | None = None

    @property
    def origin(self) -> Origin | None:
        """The account and Region of the backup that ``from`` asks for by name; None: those of the plan."""
        return self.source.origin if isinstance(self.source, FromCatalog) else None

    @property
    def bounded(self) -> bool:
        """Whether the plan limits how fast or with how many processes this machine writes."""
        return (self.limits.write_units_per_second, self.limits.workers) != (None, None)


Channel = Literal["ping", "slack", "sns", "webhook"]
When = Literal["failed", "partial", "stale", "recovered", "always"]


@dataclass(frozen=True)
class Notification:
    """One of ``notifications``. ``address`` is a URL or the ARN of a topic; an empty address turns it off.

    The address and the headers may be secrets, so ``repr`` leaves them out.
    """

    name: str
    channel: Channel
    address: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    when: tuple[When, ...] = ("failed", "partial", "stale", "recovered")
    verbs: tuple[str, ...] = ("backup", "wait")
    timeout_seconds: int = 10


@dataclass(frozen=True, slots=True)
class Pushgateway:
    url: str = field(repr=False)
    job: str = "ddbbackup"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class OpenTelemetry:
    """``endpoint`` None leaves the choice to the ``OTEL_*`` environment variables."""

    endpoint: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Metrics:
    textfile: str | None = None
    pushgateway: Pushgateway | None = None
    opentelemetry: OpenTelemetry | None = None

    def __bool__(self) -> bool:
        return (self.textfile, self.pushgateway, self.opentelemetry) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Plan:
    """A valid plan. ``file`` is the path of its first file."""

    name: str
    file: str
    aws: AwsSettings
    destinations: Mapping[str, Destination]
    tables: tuple[TableEntry, ...]
    restores: Mapping[str, Restore]
    export_time: Literal["latest", "common"] = "latest"
    notifications: tuple[Notification, ...] = ()
    metrics: Metrics = Metrics()
