"""Which restore point of which table somebody asks for."""

from __future__ import annotations

from dataclasses import dataclass

from ddbbackup.plan.model import Restore
from ddbbackup.plan.restore_from import FromCatalog, Origin, RestoreFrom


@dataclass(frozen=True, slots=True)
class WantedPoint:
    """``destination`` is that of the table entry that backs up ``table``, if any.

    ``snapshot``: an on-demand backup of DynamoDB is wanted, not data files.
    """

    table: str
    source: RestoreFrom
    destination: str | None = None
    snapshot: bool = False

    @staticmethod
    def by(restore: Restore) -> WantedPoint:
        return WantedPoint(
            restore.table, restore.source, restore.destination, snapshot=restore.method == "snapshot"
        )

    @property
    def origin(self) -> Origin | None:
        """The account and Region of the backup that is asked for by name; None: those of the plan."""
        return self.source.origin if isinstance(self.source, FromCatalog) else None
