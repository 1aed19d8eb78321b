"""What people should look at, by kind: what is true of many tables is said once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ddbbackup.model.table_name import is_table_name
from ddbbackup.report.commands import option, typed
from ddbbackup.report.documents.overview import Finding, FindingKind, Overview
from ddbbackup.report.formatting import count, counted
from ddbbackup.report.renderers.html.page import NAMED, Item, Link, ProblemGroup

SHOWN: Final = 10
"""Lines of a group that are shown at once; the others are behind a click."""
TOGETHER: Final = 40
"""Tables that are named for one reason."""
TYPED: Final = 3
"""Tables that one command names."""
_NAMES: Final = ("only", "match")
"""Options that a hint names tables with."""

_TITLES: Final[Mapping[FindingKind, tuple[str, str]]] = {
    "plan": ("Plans that could not be read", "run `ddbbackup validate -f FILE`"),
    "selector": ("The plan does not select what it should", "correct `tables` in the plan"),
    "unreadable": ("The catalog could not be read", "run `ddbbackup doctor`"),
    "gone": ("Tables that do not exist any more", "run `ddbbackup restore {match} --settings all`"),
    "unrestorable": (
        "Backups exist, but none can be restored",
        "run `ddbbackup backup {only}` to make another",
    ),
    "never": ("Never backed up", "run `ddbbackup backup {only}`"),
    "stale": ("Newest restore point older than the RPO", "run `ddbbackup backup {only}`"),
    "damaged": ("Damaged backups", "run `ddbbackup verify --all {only}`"),
    "failed": ("Last backup failed", "fix the cause, then run `ddbbackup backup {only}`"),
    "not_restorable": (
        "Newer backups that cannot be restored",
        "run `ddbbackup backup {only}` to make another",
    ),
    "gap": ("Gaps before the newest chain", "keep the restore points from before the gap"),
    "prune": ("Retention is blocked", "run `ddbbackup list {only}`"),
}


@dataclass(frozen=True, slots=True)
class _Problem:
    """A finding; if it is about a table, with the row of the table and the files of its plan."""

    finding: Finding
    link: Link | None = None
    files: Sequence[str] = ()


def problems(document: Overview, links: Sequence[Link]) -> Iterator[ProblemGroup]:
    """One group for each kind, those with errors first. ``links`` are those of the tables of the document."""
    several = len(document.plans) > 1
    files = {(plan.plan, plan.account, plan.region): plan.files for plan in reversed(document.plans)}
    found = [_Problem(each) for each in document.findings if each.table is None]
    found += [
        _Problem(each, link, files[row.plan, row.account, row.region])
        for row, link in zip(document.tables, links, strict=True)
        for each in row.findings
    ]
    groups: dict[tuple[str, str], list[_Problem]] = {}
    for each in found:
        groups.setdefault((each.finding.severity, each.finding.kind), []).append(each)
    for severity in ("error", "warning"):
        for kind, (title, hint) in _TITLES.items():
            if own := groups.get((severity, kind)):
                items = list(_by_message(own, several=several))
                yield ProblemGroup(
                    title,
                    _hint(hint, own, several=several),
                    severity,
                    counted(len(own), "table" if own[0].link is not None else "problem"),
                    items[:SHOWN],
                    items[SHOWN:NAMED],
                    len(items[NAMED:]),
                )


def _hint(hint: str, found: Sequence[_Problem], *, several: bool) -> str:
    """With the tables, as it can be typed; of more than a few tables, for the first of them."""
    flag = next((each for each in _NAMES if f"{{{each}}}" in hint), None)
    if flag is None:
        return hint
    named = [(each.finding.table, each.files) for each in found if each.finding.table is not None]
    named = [(table, files) for table, files in named if is_table_name(table)]
    if not named:  # the names are not those of tables, so nobody should type them
        return hint.replace(f"{{{flag}}}", f"--{flag} TABLE")
    of_plan = named[0][1]
    tables = list(dict.fromkeys(table for table, files in named if files == of_plan))
    together = len(tables) <= TYPED and len(named) == len(found)
    chosen = " ".join(option(f"--{flag}", table) for table in (tables if together else tables[:1]))
    text = hint.replace(f"{{{flag}}}", chosen)
    if several:
        text = typed(text, of_plan)
    is_whole = together and all(files == of_plan for _, files in named)
    return text if is_whole else f"{text}, and likewise for the others"


def _by_message(found: Sequence[_Problem], *, several: bool) -> Iterator[Item]:
    """What is true of many tables is said once."""
    tables: dict[str, list[Link]] = {}
    for each in found:
        finding, link = each.finding, each.link
        plan = f"{finding.plan}: " if several and link is None and finding.plan is not None else ""
        links = tables.setdefault(f"{plan}{finding.message}", [])
        if link is not None:
            links.append(link)
    for message, links in tables.items():
        more = len(links[TOGETHER:])
        yield Item(links[:TOGETHER], message, f"and {count(more)} more" if more else "")
