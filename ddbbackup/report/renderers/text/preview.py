"""What a run would do, what blocks it, and what it would cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.formatting import count, counted, size
from ddbbackup.report.renderers.text.plan_changes import plan_changes
from ddbbackup.report.renderers.text.style import Styled, hint, paint
from ddbbackup.report.renderers.text.tables import Cell, Column, table
from ddbbackup.report.renderers.wrapping import height
from ddbbackup.report.step_groups import (
    BLOCKED,
    NOTHING,
    blockers_of,
    group_steps,
    in_groups,
    notes_of,
    title_of,
)
from ddbbackup.report.table_names import names, without_name

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
    Column("RESTORE INTO"),
    Column("NAME", drop=6),
    Column("BACKUP", drop=4),
    Column("ITEMS", drop=1),
    Column("SIZE", drop=3),
    Column("TIME", drop=5),
    Column("COST", drop=2),
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
_GROUP_COLUMNS: Final = (
    Column("BACKUPS"),
    Column("TABLES"),
    Column("SIZE", drop=1),
    Column("COST", drop=2),
)
_SHOWN_AS_A_WHOLE: Final = 3
"""So many steps are shown with everything, however long that is."""
_LISTED_WITHOUT_GROUPS: Final = 10
"""Of so many tables, each is listed, so nobody needs counts of each kind."""
_NAMED_IN_NOTES: Final = 3  # tables, where there is no room for all
_SHORTER: Final = (20, 10, 5, 3, 2, 1)
_SHORTENED: Final = "Shortened for the terminal: `-v` shows everything."


def preview(document: Preview, view: View) -> str:
    """What is blocked and what changes, then everything to know before the run. ``quiet``: only what is blocked.

    On a terminal, details go and lists are shortened until the whole has as many lines as the terminal: what is
    blocked must not scroll away.
    """
    if view.detail == "quiet":
        return "".join(f"{line}\n" for line in _blockers(document, view, None))
    text = _text(document, view, None)
    if len(document.steps) <= _SHOWN_AS_A_WHOLE:
        return text
    for most in _SHORTER:
        if view.holds(height(text, view)):
            return text
        text = _text(document, view, most)
    return text if view.holds(height(text, view)) else _text(document, view, _SHORTER[-1], is_bare=True)


def _text(document: Preview, view: View, most: int | None, *, is_bare: bool = False) -> str:
    """``most``: of a list, no more entries than this are shown; None: all, with the details of every step.

    ``is_bare``: without checks of destinations, prices and notes, so that what blocks or would be lost has room.
    """
    about = _about(document, view, most) if not is_bare else [phrases.cost_estimate(document)[:1]]
    region = f"region {document.region} from {document.region_origin}"
    caller = f"account {document.account}, {region}, as {phrases.principal(document)}"
    paragraphs = [
        [phrases.preview_summary(document), *phrases.prune_totals(document), caller],
        plan_changes(document, view, most),
        _groups(document.table_backups, view),
        list(_blockers(document, view, most)),
        _backup_steps(document.table_backups, view, most),
        _restore_steps(document.restores, view, most),
        _prune_steps(document.prunes, view, most),
        [*_restore_details(document.restores), *_prune_details(document.prunes)] if most is None else [],
        phrases.unselected_tables(document, most),
        *about,
        [_SHORTENED] if most is not None else [],
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def _about(document: Preview, view: View, most: int | None) -> list[list[str]]:
    """Paragraphs that are good to know, but nothing is lost without them."""
    return [
        list(_notes(document, most)),
        list(_selection(document, most)),
        list(_destinations(document, view)),
        [*document.notes][:most],
        phrases.verification_times(document),
        phrases.cost_estimate(document),
    ]


def _groups(steps: Sequence[PreviewStep], view: View) -> list[str]:
    """How many tables there are of each kind; nothing for few tables, which are listed below."""
    groups = group_steps(steps)
    if len(steps) <= _LISTED_WITHOUT_GROUPS:
        return []
    rows: list[Sequence[Cell]] = [
        (
            Styled(group.title.upper(), "blocked") if group.title == BLOCKED else group.title,
            count(len(group.steps)),
            group.size,
            phrases.money(group.cost),
        )
        for group in groups
    ]
    return table(_GROUP_COLUMNS, rows, view).splitlines()


def _backup_steps(steps: Sequence[PreviewStep], view: View, most: int | None) -> list[str]:
    rows = [
        (step.table, phrases.backup_kind(step), str(step.facts.get("last_backup") or "–"), *_estimates(step))
        for step in _listed(steps, most)
    ]
    return _first_rows(_BACKUP_COLUMNS, rows, view, most)


def _listed(steps: Sequence[PreviewStep], most: int | None) -> list[PreviewStep]:
    """Where there is no room: without those that are blocked, which are named with the reason, and without those that
    have nothing to do, which are counted.
    """
    return [step for step in in_groups(steps) if most is None or title_of(step) not in (BLOCKED, NOTHING)]


def _first_rows(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], view: View, most: int | None
) -> list[str]:
    if not rows:
        return []
    lines = table(columns, rows[:most], view).splitlines()
    left = 0 if most is None else len(rows) - most
    return [*lines, paint(f"… and {count(left)} more", "minor", view)] if left > 0 else lines


def _restore_steps(steps: Sequence[PreviewStep], view: View, most: int | None) -> list[str]:
    """Without the column of names if all have the same."""
    listed = _listed(steps, most)
    named = [phrases.restore_name(step) for step in listed]
    rows = [
        (step.table, name, str(step.facts.get("backup") or "–"), *_estimates(step))
        for step, name in zip(listed, named, strict=True)
    ]
    if len(set(named)) > 1:
        return _first_rows(_RESTORE_COLUMNS, rows, view, most)
    columns = [column for column in _RESTORE_COLUMNS if column.head != "NAME"]
    return _first_rows(columns, [(table, *others) for table, _, *others in rows], view, most)


def _prune_steps(steps: Sequence[PreviewStep], view: View, most: int | None) -> list[str]:
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
        for step in _listed(steps, most)
    ]
    return _first_rows(_PRUNE_COLUMNS, rows, view, most)


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


def _blockers(document: Preview, view: View, most: int | None) -> Iterator[str]:
    remarks = blockers_of(document.steps)
    for each in remarks[:most]:
        yield f"{paint('BLOCKED', 'blocked', view)} {names(each.tables, most)}: {each.text}"
        yield f"  {hint(each.hint, view)}"
    yield from _left(remarks, most, "reason")


def _notes(document: Preview, most: int | None) -> Iterator[str]:
    remarks = notes_of(document.steps)
    few = None if most is None else min(most, _NAMED_IN_NOTES)
    for each in remarks[:most]:
        names_itself = len(each.tables) == 1 and without_name(each.text, each.tables[0]) != each.text
        yield f"note: {each.text}" if names_itself else f"note: {names(each.tables, few)}: {each.text}"
    yield from _left(remarks, most, "note")


def _left(remarks: Sequence[object], most: int | None, what: str) -> Iterator[str]:
    if most is not None and len(remarks) > most:
        yield f"… and {counted(len(remarks) - most, f'more {what}')}"


def _selection(document: Preview, most: int | None) -> Iterator[str]:
    selectors = [each for each in document.selection if not each.entry.startswith("name:")]
    for each in selectors[:most]:
        tables = names(each.tables, most) or "no table"
        yield f"`{each.entry}` (tables[{each.position}]) selects {len(each.tables)}: {tables}"
    yield from _left(selectors, most, "selector")


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
