"""The report of a run, and the notification of one: what failed and why, then counts, then the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report import phrases
from ddbbackup.report.formatting import count, counted, duration
from ddbbackup.report.older_backups import older_backups
from ddbbackup.report.outcome_groups import OutcomeGroup, failed, running, skipped, succeeded
from ddbbackup.report.renderers.text.shortened import first_ones
from ddbbackup.report.renderers.text.style import Style, hint, paint
from ddbbackup.report.renderers.text.tables import usual_width
from ddbbackup.report.renderers.wrapping import height
from ddbbackup.report.settings_groups import settings_of_many
from ddbbackup.report.table_names import names

if TYPE_CHECKING:
    from ddbbackup.report.documents.notification import RunNotification
    from ddbbackup.report.documents.run_report import RunReport, StepOutcome
    from ddbbackup.report.documents.status import TableRow
    from ddbbackup.report.renderers.view import View

_NAMED_LATE: Final = 3  # of the tables of a group, where lines are few
_BREACHES: Final = 10  # tables beyond their RPO that are named where lines are few

_WAIT: Final = "run `ddbbackup wait` later: what was started is no backup before it is verified and recorded"

Paragraph = Sequence[str]
Late = Mapping[str, "TableRow"]
"""The tables that break their RPO, by name."""
NONE_LATE: Final[Late] = {}


def report(document: RunReport, view: View) -> str:
    """``quiet``: only what failed or runs on. In the log of a pipeline, both and the summary come last."""
    return _text(_not_done(document, view), _counts(document, view), document, view)


def notification(document: RunNotification, view: View) -> str:
    """The report, with the error that ended the run, if any, and the tables that break their RPO.

    A table that also failed is named once, with its failure.
    """
    late = {table.table: table for table in document.tables if table.breaks_rpo}
    first = _not_done(document.report, view, late) if document.report is not None else []
    if document.error is not None:
        first.append([paint(document.error.message, "error", view), hint(document.error.hint, view)])
    named = {each for group in _groups_not_done(document.report) for each in group.tables}
    first += _breaches([table for name, table in late.items() if name not in named], view)
    if document.report is None:
        return _text(first, [phrases.place_of_run(document)], None, view)
    return _text(first, _counts(document.report, view), document.report, view)


def _text(first: list[Paragraph], counts: Paragraph, document: RunReport | None, view: View) -> str:
    paragraphs = first
    if view.detail != "quiet":
        used = sum(_height(each, view) + 1 for each in (*first, counts))
        rest = _rest(document, used, view) if document is not None else []
        paragraphs = [*rest, *first, counts] if view.is_log else [*first, counts, *rest]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in paragraphs if lines)


def _height(lines: Paragraph, view: View) -> int:
    return sum(height(line, view) for line in lines)


# ---- what needs attention


def _groups_not_done(document: RunReport | None) -> list[OutcomeGroup]:
    return [*failed(document), *running(document), *skipped(document)] if document is not None else []


def _not_done(document: RunReport, view: View, late: Late = NONE_LATE) -> list[Paragraph]:
    return [
        *(_group(each, "FAILED", "failed", view, late) for each in failed(document)),
        _older_backups(document, view),
        *(_group(each, "running", "running", view, late) for each in running(document)),
        *(
            _group(each, "skipped", "stale", view, late)
            for each in skipped(document)
            if view.detail != "quiet"
        ),
    ]


def _older_backups(document: RunReport, view: View) -> Paragraph:
    """Where items were replaced, what the newer backup held is lost: that stands out like a failure."""
    all_names = view.lines is None or view.detail == "verbose"
    return [
        f"{paint('OLDER BACKUP', 'failed' if replaces else 'stale', view)}  {sentence}"
        for sentence, replaces in older_backups(document, all_names=all_names)
    ]


def _group(group: OutcomeGroup, word: str, style: Style, view: View, late: Late) -> Paragraph:
    """Three lines: what, why, and what to do. All tables are named where lines are not limited."""
    all_names = view.lines is None or view.detail == "verbose"
    lines = [f"{paint(word, style, view)}  {group.title(all_names=all_names)}", f"  {group.reason}"]
    lines += [f"  {paint(text, 'stale', view)}" for text in _lateness(group, late, all_names=all_names)]
    facts = phrases.outcome_facts(group.first) if len(group.outcomes) == 1 and group.hint else []
    lines += [f"  {', '.join(facts)}"] if facts else []
    for outcome in group.outcomes:
        lines += [f"  {line}" for line in phrases.settings_lines(outcome.facts.get("settings", ()))]
    return [*lines, f"  {hint(group.hint, view)}"] if group.hint is not None else lines


def _lateness(group: OutcomeGroup, late: Late, *, all_names: bool) -> list[str]:
    """That tables of the group break their RPO: one sentence, or nothing."""
    broken = [each for each in group.tables if each in late]
    if not broken:
        return []
    if len(group.tables) == 1:
        return [phrases.rpo_breach_reason(late[broken[0]])]
    if len(broken) == len(group.tables):
        return ["all of them break their RPO"]
    named = names(broken, None if all_names else _NAMED_LATE)
    return [
        f"{count(len(broken))} of them {'breaks its' if len(broken) == 1 else 'break their'} RPO: {named}"
    ]


def _breaches(tables: Sequence[TableRow], view: View) -> list[Paragraph]:
    if not tables:
        return []
    shown = tables if view.lines is None else tables[:_BREACHES]
    lines = [paint(phrases.rpo_breach(table), "stale", view) for table in shown]
    if len(shown) < len(tables):
        left = len(tables) - len(shown)
        lines.append(f"and {counted(left, 'more table')} {'breaks its' if left == 1 else 'break their'} RPO")
    return [lines]


# ---- counts and the rest


def _counts(document: RunReport, view: View) -> Paragraph:
    place = phrases.place_of_run(document)
    summary = paint(phrases.report_summary(document), "heading", view)
    took = f" in {duration(document.seconds)}" if document.table_outcomes else ""
    totals = [f"together {text}" for text in phrases.report_totals(document)]
    lines = [
        f"{summary}{took} ({place})",
        *(f"  {text}" for text in (*totals, *phrases.verified_levels(document))),
    ]
    goes_on = document.verb == "backup" and any(each.status == "started" for each in document.outcomes)
    return [*lines, hint(_WAIT, view)] if goes_on else lines


def _rest(document: RunReport, used: int, view: View) -> list[Paragraph]:
    """All that went well if it fits below the ``used`` lines; else what is worth a look, and how many there are."""
    good = succeeded(document)
    lines = list(_lines(good, view))
    if view.holds(used + _height(lines, view)):
        return [lines]
    remarkable = [each for each in good if _is_remarkable(each)]
    settings = settings_of_many(good)
    shown = [*settings, *_lines(remarkable, view, with_settings=False)]
    room = max(0, (view.lines or 0) - used - 1)
    how = ": `-v` lists them" if view.width is not None else ""
    if _height(shown, view) > room:
        held = first_ones([height(line, view) for line in shown], room)
        return [[*shown[:held], f"and {counted(len(settings) + len(good) - held, 'more line')}{how}"]]
    if len(remarkable) == len(good):
        return [shown]
    hidden = counted(len(good) - len(remarkable), "other" if remarkable else "table")
    return [[*shown, f"{hidden} without {'other ' if settings else ''}remarks{how}"]]


def _is_remarkable(outcome: StepOutcome) -> bool:
    facts = outcome.facts
    return bool(facts.get("notes") or facts.get("rejected") or facts.get("settings_not_read"))


def _lines(outcomes: Sequence[StepOutcome], view: View, *, with_settings: bool = True) -> Iterable[str]:
    """One line for each step, with remarks that do not fit below it: they are never left out."""
    width = usual_width([each.table for each in outcomes])
    kinds = {each.kind for each in outcomes}
    kind_width = max(map(len, kinds), default=0) if len(kinds) > 1 else 0
    for outcome in outcomes:
        status = phrases.step_status(outcome)
        kind = f" {outcome.kind:<{kind_width}}" if kind_width else ""
        start = f"{status:<9}{kind} {outcome.table:<{width}}"
        room = view.width - len(start) - 2 if view.width is not None and view.detail != "verbose" else None
        took = [duration(outcome.seconds)] if outcome.status == "done" else []
        facts, remarks = [*phrases.outcome_facts(outcome), *took], []
        if room is not None and len(", ".join(facts)) > room:
            remarks = phrases.remarks(outcome)
            facts = [*phrases.outcome_facts(outcome, with_remarks=False), *took]
        line = f"{paint(f'{status:<9}', 'ok', view)}{start[9:]}  {_fitting(facts, room)}"
        yield "\n  ".join([line.rstrip(), *remarks])
        if with_settings:
            settings = phrases.settings_lines(outcome.facts.get("settings", ()))
            yield from (f"  {line}" for line in settings)


def _fitting(facts: Sequence[str], room: int | None) -> str:
    """As many facts as there is room for, none in part: the number of files goes first, then the last ones."""
    shown = list(facts)
    while room is not None and len(shown) > 1 and len(", ".join(shown)) > room:
        files = [each for each in shown if each.endswith((" data file", " data files"))]
        if files:
            shown.remove(files[0])
        else:
            shown.pop()
    return ", ".join(shown)
