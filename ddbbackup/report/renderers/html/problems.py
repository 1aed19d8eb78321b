"""What people should look at, by kind: what is true of many tables is said once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ddbbackup.report.documents.overview import Finding, FindingKind
from ddbbackup.report.formatting import count, counted
from ddbbackup.report.renderers.html.page import NAMED, Item, Link, ProblemGroup

SHOWN: Final = 10
"""Lines of a group that are shown at once; the others are behind a click."""
TOGETHER: Final = 40
"""Tables that are named for one reason."""

_TITLES: Final[Mapping[FindingKind, tuple[str, str]]] = {
    "selector": ("The plan does not select what it should", "correct `tables` in the plan"),
    "unreadable": ("The catalog could not be read", "run `ddbbackup doctor`"),
    "unrestorable": (
        "Backups exist, but none can be restored",
        "run `ddbbackup backup --only TABLE` to make another",
    ),
    "never": ("Never backed up", "run `ddbbackup backup --only TABLE`"),
    "stale": ("Newest restore point older than the RPO", "run `ddbbackup backup --only TABLE`"),
    "damaged": ("Damaged backups", "run `ddbbackup verify --all --only TABLE`"),
    "failed": ("Last backup failed", "fix the cause, then run `ddbbackup backup --only TABLE`"),
    "not_restorable": (
        "Newer backups that cannot be restored",
        "run `ddbbackup backup --only TABLE` to make another",
    ),
    "gap": ("Gaps before the newest chain", "keep the restore points from before the gap"),
    "prune": ("Retention is blocked", "run `ddbbackup list --only TABLE`"),
}


def problems(findings: Sequence[Finding], anchors: Mapping[str, str]) -> Iterator[ProblemGroup]:
    """One group for each kind, those with errors first."""
    for severity in ("error", "warning"):
        for kind, (title, hint) in _TITLES.items():
            own = [each for each in findings if (each.kind, each.severity) == (kind, severity)]
            if own:
                items = list(_by_message(own, anchors))
                yield ProblemGroup(
                    title,
                    hint,
                    severity,
                    counted(len(own), "table" if own[0].table is not None else "problem"),
                    items[:SHOWN],
                    items[SHOWN:NAMED],
                    len(items[NAMED:]),
                )


def _by_message(findings: Sequence[Finding], anchors: Mapping[str, str]) -> Iterator[Item]:
    """What is true of many tables is said once."""
    tables: dict[str, list[Link]] = {}
    for each in findings:
        links = tables.setdefault(each.message, [])
        if each.table is not None:
            links.append(Link(each.table, anchors.get(each.table, "")))
    for message, links in tables.items():
        more = len(links[TOGETHER:])
        yield Item(links[:TOGETHER], message, f"and {count(more)} more" if more else "")
