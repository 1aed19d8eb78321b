"""The document that a ``webhook`` of the plan's notifications receives after a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from ddbbackup.report.documents.failure import ErrorInfo
    from ddbbackup.report.documents.run_report import RunReport
    from ddbbackup.report.documents.status import TableRow


@dataclass(frozen=True, slots=True)
class RunNotification:
    """``schemas/notification.schema.json``. ``report`` is None if the run ended before it had one.

    ``account`` and ``region`` are None if the plan does not name them and the run ended before it was connected.
    """

    schema: ClassVar[Literal["notification"]] = "notification"

    plan: str
    verb: str
    run: str
    account: str | None
    region: str | None
    started_at: datetime
    ended_at: datetime
    exit_code: int
    conditions: tuple[str, ...]
    headline: str
    report: RunReport | None
    error: ErrorInfo | None
    tables: tuple[TableRow, ...]
