"""A valid plan as frozen values: what ``plan`` makes of the YAML and everything after it reads.

Durations are whole seconds. Optional keys that the plan leaves out hold the defaults of the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Method = Literal["export", "incremental", "scan"]
RestoreMethod = Literal["auto", "write", "bulk-put", "import", "point-in-time"]
Existing = Literal["fail", "overwrite", "keep", "mirror"]


@dataclass(frozen=True, slots=True)
class AssumeRole:
    role_arn: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """The plan's ``aws``: with nothing set, botocore's default chain decides."""

    region: str | None = None
    account: str | None = None
    profile: str | None = None
    assume_role: AssumeRole | None = None
    endpoint_urls: Mapping[str, str] = field(default_factory=dict)  # by service: dynamodb, s3, sts, …


@dataclass(frozen=True, slots=True)
class Encryption:
    algorithm: Literal["AES256", "KMS"] = "AES256"
    kms_key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where backups go; ``prefix`` is a template over {account} {region} {table} {plan}."""

    name: str
    bucket: str
    prefix: str = ""
    bucket_owner: str | None = None
    encryption: Encryption = Encryption()
    require: tuple[Literal["versioning", "object_lock", "public_access_block"], ...] = ()


@dataclass(frozen=True, slots=True)
class Retention:
    keep_last: int | None = None
    keep_daily: int | None = None
    keep_weekly: int | None = None
    keep_monthly: int | None = None
    min_verified: int = 1


@dataclass(frozen=True, slots=True)
class Expect:
    min: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One element of ``tables``, with ``defaults`` already laid under it.

    Exactly one of ``name``, ``match`` and ``tags`` is set. ``position`` is its index in the plan.
    """

    position: int
    destination: str
    name: str | None = None
    match: str | None = None
    exclude: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None
    expect: Expect | None = None
    method: Method = "export"
    pitr: Literal["require", "enable"] = "require"
    rpo_seconds: int | None = None
    retention: Retention | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a restore takes its data from: exactly one member is set, and ``bucket_owner`` goes with ``s3_uri``."""

    latest: bool = False
    backup_id: str | None = None
    time: str | None = None  # RFC 3339, as written
    export_arn: str | None = None
    s3_uri: str | None = None
    bucket_owner: str | None = None  # of the bucket in s3_uri


@dataclass(frozen=True, slots=True)
class Target:
    """``to``; ``table`` is a template over {table} {date} {run}. ``settings`` None means unset (issue defaults)."""

    table: str = "{table}"
    create: Literal["never", "if-missing", "new"] = "if-missing"
    region: str | None = None
    account: str | None = None
    assume_role: AssumeRole | None = None
    billing_mode: Literal["PAY_PER_REQUEST", "PROVISIONED"] | None = None
    settings: Literal["all", "none"] | tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    write_units_per_second: int | None = None
    workers: int | None = None  # None: as many as the machine and the data warrant


@dataclass(frozen=True, slots=True)
class Restore:
    """One named element of ``restores``."""

    name: str
    table: str
    source: Source
    target: Target
    destination: str | None = None  # of the table entry that backs ``table`` up
    method: RestoreMethod = "auto"
    existing: Existing = "fail"
    limits: Limits = Limits()

    @property
    def bounded(self) -> bool:
        """Whether ``limits`` says anything."""
        return self.limits != Limits()


Channel = Literal["ping", "slack", "sns", "webhook"]
When = Literal["failed", "partial", "stale", "recovered", "always"]


@dataclass(frozen=True)
class Notification:
    """Whom to tell. ``address`` is a URL or a topic's ARN; an empty one is not sent to.

    Address and headers may be secrets, so they are never part of a ``repr``.
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
    """``endpoint`` None: what the OTEL_* variables say."""

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
    """A whole, valid plan. ``file`` is the path it was read from, ``extensions`` its ``x-`` keys."""

    name: str
    file: str
    aws: AwsSettings
    destinations: Mapping[str, Destination]
    tables: tuple[TableEntry, ...]
    restores: Mapping[str, Restore]
    export_time: Literal["latest", "common"] = "latest"
    notifications: tuple[Notification, ...] = ()
    metrics: Metrics = Metrics()
    extensions: Mapping[str, Any] = field(default_factory=dict)
