"""What a run would do, what blocks it, and what it would cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.formatting import count, size
from ddbbackup.report.renderers.text.plan_changes import plan_changes
from ddbbackup.report.renderers.text.style import Styled, hint, paint
from ddbbackup.report.renderers.text.tables import Cell, Column, table

if TYPE_CHECKING:
    from ddbbackup.report.documents.preview import Preview, PreviewStep
    from ddbbackup.report.renderers.view import View

_BACKUP_COLUMNS: Final = (
    Column("BACKUP"),
    Column("KIND", drop=5),
    Column("LAST BACKUP", drop=4),
    Column("ITEMS", drop=1),
    Column("SIZE", drop=3),
    Column("TIME", drop=2),
    Column("COST", drop=6),
    Column(""),
)
_RESTORE_COLUMNS: Final = (
    Column("RESTORE"),
    Column("INTO"),
    Column("BACKUP", drop=4),
    Column("ITEMS", drop=1),
    Column("SIZE", drop=2),
    Column("TIME", drop=3),
    Column("COST", drop=5),
    Column(""),
)
_PRUNE_COLUMNS: Final = (
    Column("PRUNE"),
    Column("RESTORE POINTS", drop=1),
    Column("KEEP", drop=2),
    Column("REMOVE"),
    Column("SIZE", drop=3),
    Column(""),
)


def preview(document: Preview, view: View) -> str:
    """Tables of steps, then everything to know before the run. ``quiet``: only what blocks it."""
    if view.detail == "quiet":
        return "".join(f"{line}\n" for line in _blockers(document, view))
    region = f"region {document.region} from {document.region_origin}"
    caller = f"account {document.account}, {region}, as {document.caller}"
    paragraphs = [
        [phrases.preview_summary(document), caller],
        plan_changes(document, view),
        _backup_steps(document.backups, view),
        _restore_steps(document.restores, view),
        _prune_steps(document.prunes, view),
        list(_restore_details(document.restores)),
        list(_prune_details(document.prunes)),
        list(_blockers(document, view)),
        [f"note: {step.table}: {note}" for step in document.steps for note in step.notes],
        list(_selection(document)),
        phrases.unselected_tables(document),
        list(_destinations(document, view)),
        [*document.notes],
        phrases.verification_times(document),
        phrases.cost_estimate(document),
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def _backup_steps(steps: Sequence[PreviewStep], view: View) -> list[str]:
    rows = [
        (step.table, phrases.backup_kind(step), str(step.facts.get("last_backup") or "–"), *_estimates(step))
        for step in steps
    ]
    return table(_BACKUP_COLUMNS, rows, view).splitlines() if rows else []


def _restore_steps(steps: Sequence[PreviewStep], view: View) -> list[str]:
    rows = [
        (
            step.step.removeprefix("restore "),
            step.table,
            str(step.facts.get("backup") or "–"),
            *_estimates(step),
        )
        for step in steps
    ]
    return table(_RESTORE_COLUMNS, rows, view).splitlines() if rows else []


def _prune_steps(steps: Sequence[PreviewStep], view: View) -> list[str]:
    """``SIZE`` is that of what is removed."""
    rows = [
        (
            step.table,
            count(step.facts.get("restore_points")),
            count(_kept(step)),
            count(len(step.facts.get("remove", ()))),
            size(step.size_bytes),
            _verdict(step),
        )
        for step in steps
    ]
    return table(_PRUNE_COLUMNS, rows, view).splitlines() if rows else []


def _kept(step: PreviewStep) -> int | None:
    return len(step.facts["keep"]) + int(step.facts["needed"]) if "keep" in step.facts else None


def _prune_details(steps: Sequence[PreviewStep]) -> Iterator[str]:
    for step in steps:
        yield f"{step.step}: {step.summary}"
        yield from (f"  {line}" for line in phrases.prune_lines(step))


def _estimates(step: PreviewStep) -> tuple[Cell, ...]:
    return (
        count(step.items),
        size(step.size_bytes),
        phrases.estimated_time(step),
        phrases.money(step.cost),
        _verdict(step),
    )


def _verdict(step: PreviewStep) -> Cell:
    if step.blockers:
        return Styled("BLOCKED", "blocked")
    return "" if step.changes else "nothing to do"


def _restore_details(steps: Sequence[PreviewStep]) -> Iterator[str]:
    for step in steps:
        yield f"{step.step}: {step.summary}"
        yield from (f"  {fact}" for fact in phrases.step_facts(step))


def _blockers(document: Preview, view: View) -> Iterator[str]:
    for blocker, tables in phrases.blockers(document):
        yield f"{paint('BLOCKED', 'blocked', view)} {', '.join(tables)}: {blocker.message}"
        yield f"  {hint(blocker.hint, view)}"


def _selection(document: Preview) -> Iterator[str]:
    for each in document.selection:
        if not each.entry.startswith("name:"):
            tables = ", ".join(each.tables) or "no table"
            yield f"`{each.entry}` (tables[{each.position}]) selects {len(each.tables)}: {tables}"


def _destinations(document: Preview, view: View) -> Iterator[str]:
    for destination in document.destinations:
        passed = [check.name for check in destination.checks if check.state == "ok"]
        yield f"destination {destination.name}: {', '.join(passed) + ' ok' if passed else 'no check passed'}"
        for check in destination.checks:
            if check.state in ("warning", "unknown"):
                state = "warning" if check.state == "warning" else "could not check"
                yield f"  {paint(state, 'stale', view)}: {check.name}: {check.message}"
                if check.hint:
                    yield f"    {hint(check.hint, view)}"
