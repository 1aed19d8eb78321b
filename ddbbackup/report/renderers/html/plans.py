"""What the page says of its plans: one, or several with a line for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ddbbackup.report.documents.overview import Overview, TableOverview
from ddbbackup.report.documents.read_plan import ReadPlan
from ddbbackup.report.formatting import count, counted
from ddbbackup.report.renderers.html.page import PlanLine
from ddbbackup.report.renderers.html.phrases import monthly

Place = tuple[str, str, str]
"""Name, account and region."""
PlanNames = Mapping[Place, str]
"""What to call a plan of this name, account and region; nothing if there is only one."""


def plan_names(plans: Sequence[ReadPlan]) -> PlanNames:
    read = {(each.plan, each.account, each.region) for each in plans}
    known = [(plan, account, region) for plan, account, region in read if plan and account and region]
    if len(plans) == 1:
        return dict.fromkeys(known, "")
    alike = Counter(plan for plan, _, _ in known)
    return {
        (plan, account, region): plan if alike[plan] == 1 else f"{plan} ({account}, {region})"
        for plan, account, region in known
    }


def heading_of(plans: Sequence[ReadPlan]) -> str:
    return plans[0].plan or "" if len(plans) == 1 else counted(len(plans), "plan")


def place_of(plans: Sequence[ReadPlan]) -> str:
    accounts = sorted({each.account for each in plans if each.account is not None})
    regions = sorted({each.region for each in plans if each.region is not None})
    return ", ".join(filter(None, (listed("account", accounts), listed("region", regions))))


def listed(what: str, names: Sequence[str]) -> str:
    """``account 1``, ``accounts 1 and 2``, ``12 regions``; empty without any."""
    if len(names) > 3:
        return counted(len(names), what)
    return f"{what}{'s' if len(names) > 1 else ''} {' and '.join(names)}" if names else ""


def plan_lines(document: Overview, names: PlanNames) -> Iterator[PlanLine]:
    """Those that are not shown first, then those with the most problems. Nothing if there is only one."""
    if len(document.plans) == 1:
        return
    for plan in document.plans:
        if plan.plan is None:
            yield PlanLine("", ", ".join(plan.files), "", "", "", "", plan.errors[0].message)
    rows: dict[Place, list[TableOverview]] = {}
    for row in document.tables:
        rows.setdefault((row.plan, row.account, row.region), []).append(row)
    lines = [_line(document, place, name, rows.get(place, ())) for place, name in names.items()]
    yield from (line for _, line in sorted(lines, key=lambda pair: (-pair[0], pair[1].name)))


def _line(document: Overview, place: Place, name: str, rows: Sequence[TableOverview]) -> tuple[int, PlanLine]:
    """With the number of its tables with problems. Files that describe one plan have one line."""
    files = [
        file
        for each in document.plans
        if (each.plan, each.account, each.region) == place
        for file in each.files
    ]
    failing = sum(bool(row.findings) for row in rows)
    selected = sum(row.entry is not None for row in rows)
    return failing, PlanLine(
        name,
        ", ".join(dict.fromkeys(files)),
        f"{place[1]}, {place[2]}",
        f"{count(sum(row.status in ('ok', 'failed') for row in rows))} of {count(selected)}",
        count(failing),
        monthly(
            sum(row.cost.usd_monthly for row in rows),
            unverified=any(row.cost.unverified for row in rows),
            incomplete=any(row.cost.incomplete for row in rows),
        ),
        "",
    )
