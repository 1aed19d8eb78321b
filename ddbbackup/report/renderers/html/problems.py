"""What people should look at, by kind: what is true of many tables is said once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ddbbackup.report.commands import typed
from ddbbackup.report.documents.overview import Finding, FindingKind, Overview
from ddbbackup.report.formatting import count, counted
from ddbbackup.report.renderers.html.page import NAMED, Item, Link, ProblemGroup

SHOWN: Final = 10
"""Lines of a group that are shown at once; the others are behind a click."""
TOGETHER: Final = 40
"""Tables that are named for one reason."""
TYPED: Final = 3
"""Tables that one command names."""
_TABLE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")

_TITLES: Final[Mapping[FindingKind, tuple[str, str]]] = {
    "plan": ("Plans that could not be read", "run `ddbbackup validate -f FILE`"),
    "selector": ("The plan does not select what it should", "correct `tables` in the plan"),
    "unreadable": ("The catalog could not be read", "run `ddbbackup doctor`"),
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


def problems(document: Overview, links: Sequence[Link]) -> Iterator[ProblemGroup]:
    """One group for each kind, those with errors first. ``links`` are those of the tables of the document."""
    several = len(document.plans) > 1
    found: list[tuple[Finding, Link | None]] = [
        (each, None) for each in document.findings if each.table is None
    ]
    found += [(each, link) for row, link in zip(document.tables, links, strict=True) for each in row.findings]
    groups: dict[tuple[str, str], list[tuple[Finding, Link | None]]] = {}
    for finding, link in found:
        groups.setdefault((finding.severity, finding.kind), []).append((finding, link))
    for severity in ("error", "warning"):
        for kind, (title, hint) in _TITLES.items():
            if own := groups.get((severity, kind)):
                items = list(_by_message(own, several=several))
                yield ProblemGroup(
                    title,
                    _hint(hint, document, own),
                    severity,
                    counted(len(own), "table" if own[0][1] is not None else "problem"),
                    items[:SHOWN],
                    items[SHOWN:NAMED],
                    len(items[NAMED:]),
                )


def _hint(hint: str, document: Overview, found: Sequence[tuple[Finding, Link | None]]) -> str:
    """With the tables, as it can be typed; of more than a few tables, for the first of them."""
    if "{only}" not in hint:
        return hint
    findings = [each for each, _ in found if each.table is not None and _TABLE_NAME.fullmatch(each.table)]
    if not findings:  # the names are not those of tables, so nobody should type them
        return hint.replace("{only}", "--only TABLE")
    plan = findings[0].plan
    tables = list(dict.fromkeys(each.table for each in findings if each.plan == plan))
    together = len(tables) <= TYPED and len(findings) == len(found)
    named = tables if together else tables[:1]
    text = hint.replace("{only}", " ".join(f"--only {table}" for table in named))
    if len(document.plans) > 1:
        text = typed(text, next((each.files for each in document.plans if each.plan == plan), ()))
    is_whole = together and all(each.plan == plan for each in findings)
    return text if is_whole else f"{text}, and likewise for the others"


def _by_message(found: Sequence[tuple[Finding, Link | None]], *, several: bool) -> Iterator[Item]:
    """What is true of many tables is said once."""
    tables: dict[str, list[Link]] = {}
    for finding, link in found:
        plan = f"{finding.plan}: " if several and link is None and finding.plan is not None else ""
        links = tables.setdefault(f"{plan}{finding.message}", [])
        if link is not None:
            links.append(link)
    for message, links in tables.items():
        more = len(links[TOGETHER:])
        yield Item(links[:TOGETHER], message, f"and {count(more)} more" if more else "")
