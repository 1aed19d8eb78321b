"""Which restore point of which table somebody asks for."""

from __future__ import annotations

from dataclasses import dataclass

from ddbbackup.plan.model import Restore
from ddbbackup.plan.restore_from import FromCatalog, Origin, RestoreFrom


@dataclass(frozen=True, slots=True)
class WantedPoint:
    """``destination`` is that of the table entry that backs up ``table``, if any.

    ``snapshot``: an on-demand backup of DynamoDB is wanted, not data files. ``accepts_incomplete``: also one that was
    found damaged when it was made, if ``source`` names it.
    """

    table: str
    source: RestoreFrom
    destination: str | None = None
    snapshot: bool = False
    accepts_incomplete: bool = False

    @staticmethod
    def by(restore: Restore, *, accepts_incomplete: bool = False) -> WantedPoint:
        return WantedPoint(
            restore.table,
            restore.source,
            restore.destination,
            snapshot=restore.method == "snapshot",
            accepts_incomplete=accepts_incomplete,
        )

    @property
    def origin(self) -> Origin | None:
        """The account and Region of the backup that is asked for by name; None: those of the plan."""
        return self.source.origin if isinstance(self.source, FromCatalog) else None
