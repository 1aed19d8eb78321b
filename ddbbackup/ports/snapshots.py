"""DynamoDB on-demand backups: they need no bucket and no recovery window, and outlive their table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

SnapshotStatus = Literal["CREATING", "AVAILABLE", "DELETED"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One on-demand backup.

    It holds everything that was written up to a minute before ``created_at``, and nothing that was written later than
    a minute after it (DynamoDB API: CreateBackup). AWS takes ``size_bytes`` and ``item_count`` from statistics that
    are hours old (observed on AWS): they are no proof. The response to a creation has no ``table_arn``, ``table_id``
    and ``item_count``, an element of a list no ``item_count``.
    """

    arn: str
    name: str
    status: SnapshotStatus
    created_at: datetime
    size_bytes: int | None = None
    table_arn: str | None = None
    table_id: str | None = None
    item_count: int | None = None


@dataclass(frozen=True, slots=True)
class SnapshotRestoreRequest:
    """The parameters of one ``RestoreTableFromBackup``. ``sse`` is required across regions (observed on AWS)."""

    snapshot_arn: str
    target: str
    billing_mode: Literal["PAY_PER_REQUEST", "PROVISIONED"] | None = None
    sse: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SnapshotRestore:
    """The response: the new table."""

    table_arn: str
    table_id: str


class Snapshots(Protocol):
    """On-demand backups of one account and region, and restores from them into it."""

    def create(self, table: str, name: str) -> Snapshot:
        """Sent once: it has no client token, and names are not unique, so a second request makes a second backup.

        Raises ``TableMissing``, also while the table is being created, and ``InUse`` seconds after that. After
        ``Unreachable`` nobody knows whether there is a new backup: look for its name in ``of_table``.
        """

    def describe(self, arn: str) -> Snapshot:
        """Raises ``SnapshotMissing``."""

    def of_table(self, table: str, *, since: datetime | None = None) -> Iterator[Snapshot]:
        """Those that users made, the oldest first, of every table that ever had this name.

        ``since`` is the earliest creation time.
        """

    def delete(self, arn: str) -> None:
        """Raises ``SnapshotMissing``, and ``InUse`` while it is being created or restored."""

    def restore(self, request: SnapshotRestoreRequest) -> SnapshotRestore:
        """Not idempotent: the API has no client token, and refuses a second call for the same target.

        Raises ``Refused`` if the target exists, ``InUse`` while the target or another table is being restored from
        the backup, ``SnapshotMissing``, and ``Throttled`` also if 50 restores are running (DynamoDB guide: Quotas).
        """
