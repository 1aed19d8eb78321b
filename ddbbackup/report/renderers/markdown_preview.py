"""A preview as Markdown, for the comment of a pull request: what is blocked and what changes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.change_phrases import change_lines, change_notes, changes_heading, unchanged
from ddbbackup.report.formatting import count, counted, size
from ddbbackup.report.renderers.markdown_text import (
    COMMENT_CHARACTERS,
    SHORTENED,
    code,
    collapsed,
    cut,
    plain,
    table,
)
from ddbbackup.report.step_groups import (
    BLOCKED,
    NOTHING,
    blockers_of,
    group_steps,
    in_groups,
    notes_of,
    title_of,
)
from ddbbackup.report.table_names import names

if TYPE_CHECKING:
    from ddbbackup.report.documents.preview import Preview, PreviewStep

_COLUMNS: Final = ("table", "items", "size", "time", "cost", "")
_PRUNE_COLUMNS: Final = ("prune", "restore points", "remove", "size", "")
_OPEN_ROWS: Final = 20
"""More rows of a table are collapsed."""
_SHORTER: Final = (1000, 500, 200, 100, 50, 20, 10, 5, 2)


def preview(document: Preview, characters: int | None = None) -> str:
    """Not longer than ``characters``, by default a comment. Details are left out first, then the ends of lists."""
    limit = characters or COMMENT_CHARACTERS
    text = _text(document, None, with_details=True)
    for most in (None, *_SHORTER):
        if len(text) <= limit:
            break
        text = _text(document, most, with_details=False)
    return cut(text, limit)  # names of thousands of characters


def _text(document: Preview, most: int | None, *, with_details: bool) -> str:
    """``most``: of a list, no more entries than this are written; None: all."""
    region = f"region {code(document.region)} from {plain(document.region_origin)}"
    caller = f"Account {code(document.account)}, {region}, as {code(phrases.principal(document))}."
    parts = [
        f"### ddbbackup {plain(phrases.preview_summary(document))}",
        " ".join(f"{plain(line)}." for line in phrases.prune_totals(document)),
        f"> {SHORTENED}" if not with_details else "",
        _changes(document, most),
        _groups(document.table_backups),
        _list(_blockers(document), most, "reasons"),
        _steps("backup", document.table_backups, most),
        _steps("restore", document.restores, most),
        _prunes(document.prunes, most),
        _list(
            _remarks(document, None if with_details else min(most or _OPEN_ROWS, _OPEN_ROWS)), most, "remarks"
        ),
        " ".join(map(plain, phrases.verification_times(document))),
        " ".join(map(plain, phrases.cost_estimate(document))),
        collapsed("Details", list(_details(document.steps))) if with_details else "",
        collapsed("Destinations", list(_destinations(document))[:most]),
        caller,
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def _changes(document: Preview, most: int | None) -> str:
    """A block of type `diff`, which GitHub and GitLab colour: they know `!`, where the text form has `~`."""
    if document.against is None:
        return ""
    changes = change_lines(document)
    lines = []
    for line in changes[:most]:
        lines.append(f"{'!' if line.sign == '~' else line.sign} {line.label}: {line.text}")
        if len(line.names) > 1:
            lines.append(f"      {names(line.names, most)}")
        lines += [f"      warning: {warning}" for warning in line.warnings]
    if most is not None and len(changes) > most:
        lines.append(f"  … and {count(len(changes) - most)} more")
    block = "```diff\n" + "".join(f"{_in_block(line)}\n" for line in lines) + "```\n\n" if lines else ""
    notes = "".join(f"- note: {plain(note)}\n" for note in [*change_notes(document.against)][:most])
    rest = f"{plain(unchanged(document.against))}.\n" + (f"\n{notes}" if notes else "")
    return f"**{plain(changes_heading(document.against))}**\n\n{block}{rest}"


def _in_block(text: str) -> str:
    """On one line, and without a fence, which would end the block."""
    return " ".join(text.split("\n")).replace("`", "'")


def _codes(tables: Sequence[str], most: int | None) -> str:
    return names([*map(code, tables)], most)


def _groups(steps: Sequence[PreviewStep]) -> str:
    """How many tables there are of each kind; nothing for few tables, which are listed below."""
    if len(steps) <= _OPEN_ROWS:
        return ""
    rows = [
        (
            f"**{group.title}**" if group.title == BLOCKED else plain(group.title),
            count(len(group.steps)),
            group.size,
            plain(phrases.money(group.cost)),
        )
        for group in group_steps(steps)
    ]
    return table(("backups", "tables", "size", "cost"), rows)


def _list(entries: Iterator[str], most: int | None, what: str) -> str:
    lines = list(entries)
    left = 0 if most is None else len(lines) - most
    return "\n".join([*lines[:most], *([f"- … and {count(left)} more {what}"] if left > 0 else [])])


def _steps(heading: str, steps: Sequence[PreviewStep], most: int | None) -> str:
    rows = [
        (
            code(phrases.restore_name(step)) if step.kind == "restore" else plain(phrases.backup_kind(step)),
            code(step.table),
            count(step.items),
            size(step.size_bytes),
            phrases.estimated_time(step),
            plain(phrases.money(step.cost)),
            _verdict(step),
        )
        for step in in_groups(steps)
    ]
    return _rows(heading, (heading, *_COLUMNS), rows, most)


def _prunes(steps: Sequence[PreviewStep], most: int | None) -> str:
    rows = [
        (
            code(step.table),
            count(step.facts.get("restore_points")),
            count(len(step.facts.get("remove", ()))),
            size(step.size_bytes),
            _verdict(step),
        )
        for step in in_groups(steps)
    ]
    return _rows("table", _PRUNE_COLUMNS, rows, most)


def _verdict(step: PreviewStep) -> str:
    title = title_of(step)
    return f"**{BLOCKED}**" if title == BLOCKED else NOTHING if title == NOTHING else ""


def _rows(what: str, heads: Sequence[str], rows: Sequence[Sequence[str]], most: int | None) -> str:
    if not rows:
        return ""
    left = 0 if most is None else len(rows) - most
    rest = f"\n… and {counted(left, f'more {what}')}\n" if left > 0 else ""
    text = table(heads, rows[:most]) + rest
    return collapsed(counted(len(rows), what), [text.rstrip("\n")]) if len(rows) > _OPEN_ROWS else text


def _blockers(document: Preview) -> Iterator[str]:
    for each in blockers_of(document.steps):
        hint = f"  hint: {plain(each.hint)}"
        yield f"- **blocked** {_codes(each.tables, _OPEN_ROWS)}: {plain(each.text)}  \n{hint}"


def _remarks(document: Preview, most: int | None) -> Iterator[str]:
    for each in notes_of(document.steps):
        yield f"- note: {_codes(each.tables, _OPEN_ROWS)}: {plain(each.text)}"
    for sentence in (*phrases.unselected_tables(document, most), *document.notes):
        yield f"- {plain(sentence)}"
    for selected in document.selection:
        if not selected.entry.startswith("name:"):
            tables = _codes(selected.tables, most) or "no table"
            yield f"- {code(selected.entry)} selects {count(len(selected.tables))}: {tables}"
    for destination in document.destinations:
        for check in destination.checks:
            if check.state == "warning":
                yield f"- warning: {plain(check.subject)}: {plain(check.message)}"


def _details(steps: Sequence[PreviewStep]) -> Iterator[str]:
    for step in steps:
        yield f"- {plain(step.step)}: {plain(step.summary)}"
        facts = phrases.prune_lines(step) if step.kind == "prune" else phrases.step_facts(step)
        yield from (f"  - {plain(fact)}" for fact in facts)


def _destinations(document: Preview) -> Iterator[str]:
    for destination in document.destinations:
        for check in destination.checks:
            yield f"- {plain(check.subject)}: {plain(check.name)}: **{check.state}**, {plain(check.message)}"
