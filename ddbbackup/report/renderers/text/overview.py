"""A summary of the page that ``report`` writes: problems first, then counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report.formatting import count, counted, size, sum_of_sizes
from ddbbackup.report.phrases import money
from ddbbackup.report.renderers.text.style import Style, paint
from ddbbackup.report.table_names import names

if TYPE_CHECKING:
    from ddbbackup.report.documents.overview import FindingKind, Overview, Severity
    from ddbbackup.report.documents.read_plan import ReadPlan
    from ddbbackup.report.renderers.view import View

_SHOWN: Final = 20
_NAMED: Final = 3  # tables of one reason
_STATES: Final[tuple[tuple[str, Style], ...]] = (
    ("ok", "ok"),
    ("failed", "failed"),
    ("stale", "stale"),
    ("never", "failed"),
    ("unrestorable", "failed"),
    ("unknown", "failed"),
    ("running", "running"),
)


def overview(document: Overview, view: View) -> str:
    totals = document.totals
    text = "".join(f"{line}\n" for line in _places(document.plans))
    problems = list(_problems(document, view))
    text += "".join(f"{line}\n" for line in problems[:_SHOWN])
    if len(problems) > _SHOWN:
        text += f"and {counted(len(problems) - _SHOWN, 'other problem')}: see the page\n"
    states = [
        paint(f"{count(number)} {name}", style, view)
        for name, style in _STATES
        if (number := getattr(totals, name)) or name == "ok"
    ]
    return f"{text}{' · '.join(states)}\n" + "".join(f"{line}\n" for line in _counts(document))


def _problems(document: Overview, view: View) -> Iterator[str]:
    """One sentence for what is true of several tables of a plan: the reason is whole on every terminal."""
    names_of_plans = {each.plan for each in document.plans if each.plan}
    regions = {each.region for each in document.plans if each.region}
    groups: dict[tuple[FindingKind, Severity, str, str], list[str]] = {}
    for each in document.findings:
        told = (
            each.plan if names_of_plans - {each.plan} else None,
            each.region if regions - {each.region} else None,
        )
        where = ", ".join(part for part in told if part)
        tables = groups.setdefault((each.kind, each.severity, where, each.message), [])
        tables += [each.table] if each.table is not None else []
    width = max((len(kind) for kind, *_ in groups), default=0)
    for (kind, severity, where, message), tables in groups.items():
        word = kind.replace("_", "-")
        style: Style = "failed" if severity == "error" else "stale"
        named = names(tables, _NAMED)
        place = f" ({where})" if named and where else where
        subject = f"{named}{place}: " if named or place else ""
        yield f"{paint(f'{word:<{width}}', style, view)}  {subject}{message}"


def _places(plans: Sequence[ReadPlan]) -> Iterator[str]:
    for each in plans:
        if each.plan is not None:
            plan = f"plan {each.plan}: " if len(plans) > 1 else ""
            yield f"{plan}account {each.account}, region {each.region}"


def _counts(document: Overview) -> Iterator[str]:
    totals = document.totals
    at_least = "at least " if totals.unsized else ""
    points, stored = counted(totals.restore_points, "restore point"), f"{at_least}{size(totals.size_bytes)}"
    yield f"{points}, {stored}, {money(document.cost)}"
    if totals.removes:
        outlooks = [row.retention for row in document.tables if row.retention is not None]
        freed = sum_of_sizes(each.removes_bytes for each in outlooks if each.removes)
        yield f"prune would remove {counted(totals.removes, 'restore point')}, {freed}"
    for each in document.coverage:
        if each.uncovered:
            every = counted(each.tables or 0, "table")
            where = (
                f"account {each.account}, region {each.region}," if document.coverage[1:] else "the account"
            )
            yield f"{count(len(each.uncovered))} of {every} of {where} are in no entry of the plan"
