"""From the summary of a run to the document that every channel reads."""

from __future__ import annotations

from ddbbackup.report.documents.failure import error_info
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.report.documents.run_report import run_report
from ddbbackup.report.documents.status import table_row
from ddbbackup.report.run_summary import RunSummary


def run_notification(summary: RunSummary) -> RunNotification:
    return RunNotification(
        plan=summary.plan,
        verb=summary.verb,
        run=summary.run,
        account=summary.account,
        region=summary.region,
        started_at=summary.started_at,
        ended_at=summary.ended_at,
        exit_code=summary.exit_code,
        conditions=summary.notable_conditions,
        headline=summary.headline,
        report=run_report(summary.report) if summary.report is not None else None,
        error=error_info(summary.error) if summary.error is not None else None,
        tables=tuple(table_row(table) for table in summary.tables),
    )
