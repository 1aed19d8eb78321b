"""Plain text for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, assert_never

from ddbbackup.report import phrases
from ddbbackup.report.formatting import count, counted, duration, size
from ddbbackup.report.renderers import json_documents
from ddbbackup.report.renderers.annotated_yaml import annotated_yaml
from ddbbackup.times import to_iso

if TYPE_CHECKING:
    from ddbbackup.problems import Problem
    from ddbbackup.report.documents import Document
    from ddbbackup.report.documents.diff import TableDifference
    from ddbbackup.report.documents.doctor import DoctorReport
    from ddbbackup.report.documents.failure import Failure
    from ddbbackup.report.documents.init import StarterPlan
    from ddbbackup.report.documents.list import BackupList
    from ddbbackup.report.documents.notification import RunNotification
    from ddbbackup.report.documents.preview import Preview, PreviewStep
    from ddbbackup.report.documents.restorable import PlannedRestore, Restorable
    from ddbbackup.report.documents.run_report import RunReport, StepOutcome
    from ddbbackup.report.documents.status import PlanStatus
    from ddbbackup.report.documents.validate import Validation

_BACKUP_COLUMNS: Final = ("BACKUP", "KIND", "LAST BACKUP", "ITEMS", "SIZE", "TIME", "COST", "")
_RESTORE_COLUMNS: Final = ("RESTORE", "INTO", "BACKUP", "ITEMS", "SIZE", "TIME", "COST", "")
_PRUNE_COLUMNS: Final = ("PRUNE", "RESTORE POINTS", "KEEP", "REMOVE", "SIZE", "")
_LIST_COLUMNS: Final = (
    "TABLE",
    "BACKUP",
    "KIND",
    "STATE",
    "VERIFIED",
    "AS OF",
    "ITEMS",
    "SIZE",
    "ACCOUNT",
    "REGION",
)
_PLANNED_COLUMNS: Final = ("RESTORE", "OF", "FROM", "INTO", "EXISTING ITEMS")
_RESTORABLE_COLUMNS: Final = ("TABLE", "NEWEST RESTORE POINT", "AS OF", "KIND", "ITEMS", "SIZE")
_STATUS_COLUMNS: Final = ("TABLE", "STATUS", "LAST BACKUP", "AGE", "RPO", "ITEMS", "VERIFIED", "RUNNING")


def render(document: Document) -> str:  # noqa: PLR0912 - a table of documents, checked for completeness by mypy
    match document.schema:
        case "init":
            return _starter_plan(document)
        case "problems":
            return _validation(document)
        case "show":
            return annotated_yaml(document)
        case "preview":
            return _preview(document)
        case "report":
            return _report(document)
        case "status":
            return _status(document)
        case "list":
            return _list(document)
        case "restorable":
            return _restorable(document)
        case "diff":
            return _difference(document)
        case "doctor":
            return _doctor(document)
        case "policies":
            return json_documents.render(document)
        case "demo":
            return ""  # the demo prints as it goes
        case "notification":
            return _notification(document)
        case "error":
            return _failure(document)
        case _:
            assert_never(document)


# ---- plans


def _starter_plan(document: StarterPlan) -> str:
    return (
        f"wrote {document.file}: set the bucket and your tables, "
        f"then run `ddbbackup validate -f {document.file}`\n"
    )


def _validation(document: Validation) -> str:
    text = _problems(document.problems)
    for plan in document.plans:
        if plan.valid:
            entries = counted(plan.table_entries or 0, "table entry", "table entries")
            restores = counted(plan.restores or 0, "restore")
            text += f"{', '.join(plan.files)}: valid; {entries}, {restores}\n"
    return text


def _problems(problems: Sequence[Problem]) -> str:
    """Two lines for each problem: the place and the message, then the hint."""
    text = ""
    for problem in problems:
        path = f" {problem.path}:" if problem.path else ""
        text += f"{problem.file}:{problem.line}:{problem.column}:{path} {problem.message}\n"
        text += f"  hint: {problem.hint}\n"
    return text


def _failure(document: Failure) -> str:
    error = document.error
    return f"{_problems(document.problems)}ddbbackup: {error.message}\nhint: {error.hint}\n"


# ---- runs


def _report(report: RunReport) -> str:
    """One line for each step, the errors with their hints, and a summary."""
    lines = []
    for outcome in report.outcomes:
        lines.append(_outcome(outcome))
        lines += [f"  {line}" for line in phrases.settings_lines(outcome.facts.get("settings", ()))]
    for outcome in report.outcomes:
        if outcome.error is not None:
            lines += ["", f"{outcome.step}: {outcome.error.message}", f"hint: {outcome.error.hint}"]
    lines += [""] * bool(lines)
    lines += [
        f"{phrases.report_summary(report)} in {duration(report.seconds)} ({phrases.place_of_run(report)})"
    ]
    return "\n".join(lines) + "\n"


def _outcome(outcome: StepOutcome) -> str:
    step = f"{phrases.step_status(outcome):<9} {outcome.kind:<8} {outcome.table}"
    seconds = [duration(outcome.seconds)] if outcome.status in ("done", "failed") else []
    return "  ".join([step, ", ".join([*phrases.outcome_facts(outcome), *seconds])]).rstrip()


def _notification(document: RunNotification) -> str:
    """The report, the error with its hint, and the tables that break their RPO."""
    parts = [_report(document.report)] if document.report is not None else []
    if document.error is not None:
        parts.append(f"{document.error.message}\nhint: {document.error.hint}\n")
    parts += [f"{phrases.rpo_breach(table)}\n" for table in document.tables if table.breaks_rpo]
    if document.report is None:
        parts.append(f"{phrases.place_of_run(document)}\n")
    return "\n".join(parts)


# ---- catalog and status


def _list(document: BackupList) -> str:
    if not document.backups:
        return "the catalog holds no backups\n"
    rows = [
        (
            row.table,
            row.backup,
            row.kind or "–",
            "not restorable" if row.not_restorable else row.state,
            phrases.verified(row.verified),
            to_iso(row.export_time) or "–",
            count(row.items),
            size(row.size_bytes),
            row.account,
            row.region,
        )
        for row in document.backups
    ]
    broken = ((row.table, row.backup, row.not_restorable) for row in document.backups if row.not_restorable)
    return _columns(_LIST_COLUMNS, rows) + _lines(phrases.not_restorable(broken))


def _restorable(document: Restorable) -> str:
    planned = [
        (each.name, each.tables, each.source, _target(each), each.existing) for each in document.restores
    ]
    tables = [
        (
            row.table,
            row.backup or "none",
            to_iso(row.time) or "–",
            row.kind or "–",
            count(row.items),
            size(row.size_bytes),
        )
        for row in document.tables
    ]
    notes = [f"{row.table}: {note}\n" for row in document.tables for note in row.notes]
    parts = [
        f"account {document.account}, region {document.region}\n",
        _columns(_PLANNED_COLUMNS, planned) if planned else "the plan has no `restores`\n",
        _columns(_RESTORABLE_COLUMNS, tables) if tables else "no table has backups\n",
        *(["".join(notes)] if notes else []),
    ]
    return "\n".join(parts)


def _target(restore: PlannedRestore) -> str:
    place = [each for each in (restore.account, restore.region) if each is not None]
    return f"{restore.target} in {', '.join(place)}" if place else restore.target


def _difference(document: TableDifference) -> str:
    source = f"{document.source_table} ({document.origin})" if document.origin else document.source_table
    rows = [
        ("equal", count(document.equal)),
        ("missing", f"{count(document.missing)}  only the restore point has them"),
        ("changed", count(document.changed)),
        ("extra", f"{count(document.extra)}  only the table has them"),
    ]
    return (
        f"restore point {document.backup} of {source}: {count(document.backup_items)} items\n"
        f"table {document.table} in account {document.account}, region {document.region}: "
        f"{count(document.table_items)} items\n"
        + "".join(f"  {name:<8} {value}\n" for name, value in rows)
        + f"The table was scanned from {to_iso(document.scanned_from)} to {to_iso(document.scanned_to)}: "
        "an item that changed in this time counts as it was before or after the change.\n"
    )


def _status(document: PlanStatus) -> str:
    """Errors of selectors are left to stderr."""
    place = f"account {document.account}, region {document.region}\n"
    rows = [
        (
            row.table,
            phrases.table_status(row),
            row.backup or "–",
            duration(row.age_seconds),
            duration(row.rpo_seconds),
            count(row.items),
            phrases.verified(row.verified),
            phrases.running(row),
        )
        for row in document.tables
    ]
    broken = ((row.table, each.backup, each.reason) for row in document.tables for each in row.not_restorable)
    return place + _columns(_STATUS_COLUMNS, rows) + _lines(phrases.not_restorable(broken))


# ---- doctor


def _doctor(report: DoctorReport) -> str:
    lines: list[str] = []
    for subject in dict.fromkeys(check.subject for check in report.checks):
        lines += ["", subject] if lines else [subject]
        for check in report.checks:
            if check.subject == subject:
                name = f"{check.name}: " if check.name else ""
                lines.append(f"  {phrases.CHECK_STATE[check.state]:<11}  {name}{check.message}")
                if check.hint and check.state != "ok":
                    lines.append(f"  {'':<11}  hint: {check.hint}")
    return "\n".join([*lines, "", phrases.doctor_summary(report)]) + "\n"


# ---- preview


def _preview(preview: Preview) -> str:
    """Tables of steps, then everything to know before the run."""
    region = f"region {preview.region} from {preview.region_origin}"
    caller = f"account {preview.account}, {region}, as {preview.caller}"
    paragraphs = [
        [phrases.preview_summary(preview), caller],
        _backup_steps(preview.backups),
        _restore_steps(preview.restores),
        _prune_steps(preview.prunes),
        list(_restore_details(preview.restores)),
        list(_prune_details(preview.prunes)),
        list(_blockers(preview)),
        [f"note: {step.table}: {note}" for step in preview.steps for note in step.notes],
        list(_selection(preview)),
        phrases.unselected_tables(preview),
        list(_destinations(preview)),
        [*preview.notes],
        phrases.verification_times(preview),
        phrases.cost_estimate(preview),
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def _backup_steps(steps: Sequence[PreviewStep]) -> list[str]:
    rows = [
        (step.table, phrases.backup_kind(step), str(step.facts.get("last_backup") or "–"), *_estimates(step))
        for step in steps
    ]
    return _columns(_BACKUP_COLUMNS, rows).splitlines() if rows else []


def _restore_steps(steps: Sequence[PreviewStep]) -> list[str]:
    rows = [
        (
            step.step.removeprefix("restore "),
            step.table,
            str(step.facts.get("backup") or "–"),
            *_estimates(step),
        )
        for step in steps
    ]
    return _columns(_RESTORE_COLUMNS, rows).splitlines() if rows else []


def _prune_steps(steps: Sequence[PreviewStep]) -> list[str]:
    """``SIZE`` is that of what is removed."""
    rows = [
        (
            step.table,
            count(step.facts.get("restore_points")),
            count(_kept(step)),
            count(len(step.facts.get("remove", ()))),
            size(step.size_bytes),
            "BLOCKED" if step.blockers else "" if step.changes else "nothing to do",
        )
        for step in steps
    ]
    return _columns(_PRUNE_COLUMNS, rows).splitlines() if rows else []


def _kept(step: PreviewStep) -> int | None:
    return len(step.facts["keep"]) + int(step.facts["needed"]) if "keep" in step.facts else None


def _prune_details(steps: Sequence[PreviewStep]) -> Iterator[str]:
    for step in steps:
        yield f"{step.step}: {step.summary}"
        yield from (f"  {line}" for line in phrases.prune_lines(step))


def _estimates(step: PreviewStep) -> tuple[str, ...]:
    return (
        count(step.items),
        size(step.size_bytes),
        phrases.estimated_time(step),
        phrases.money(step.cost),
        "BLOCKED" if step.blockers else "" if step.changes else "nothing to do",
    )


def _restore_details(steps: Sequence[PreviewStep]) -> Iterator[str]:
    for step in steps:
        yield f"{step.step}: {step.summary}"
        yield from (f"  {fact}" for fact in phrases.step_facts(step))


def _blockers(preview: Preview) -> Iterator[str]:
    for blocker, tables in phrases.blockers(preview):
        yield f"BLOCKED {', '.join(tables)}: {blocker.message}"
        yield f"  hint: {blocker.hint}"


def _selection(preview: Preview) -> Iterator[str]:
    for each in preview.selection:
        if not each.entry.startswith("name:"):
            tables = ", ".join(each.tables) or "no table"
            yield f"`{each.entry}` (tables[{each.position}]) selects {len(each.tables)}: {tables}"


def _destinations(preview: Preview) -> Iterator[str]:
    for destination in preview.destinations:
        passed = [check.name for check in destination.checks if check.state == "ok"]
        yield f"destination {destination.name}: {', '.join(passed) + ' ok' if passed else 'no check passed'}"
        for check in destination.checks:
            if check.state in ("warning", "unknown"):
                state = "warning" if check.state == "warning" else "could not check"
                yield f"  {state}: {check.name}: {check.message}"
                if check.hint:
                    yield f"    hint: {check.hint}"


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, two spaces apart."""
    widths = [max(len(head), *(len(row[i]) for row in rows), 0) for i, head in enumerate(heads)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in (heads, *rows)
    )
