"""What a selector expects can be met."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.plan.document import Document, Path
from ddbbackup.plan.rules.access import entries, get
from ddbbackup.problems import Problem


def check(document: Document) -> Iterator[Problem]:
    places: list[tuple[Path, object]] = [(("defaults",), document.data.get("defaults"))]
    places += list(entries(document))
    for path, holder in places:
        low, high = get(holder, "expect", "min"), get(holder, "expect", "max")
        if isinstance(low, int) and isinstance(high, int) and low > high:
            yield document.problem(
                (*path, "expect"),
                "expects-nothing",
                f"no number is at least {low} and at most {high}",
                hint="exchange `min` and `max`",
            )
        elif high == 0 and not isinstance(high, bool):
            yield document.problem(
                (*path, "expect", "max"),
                "expects-nothing",
                "a selector that matches no table always fails, so nothing could meet this",
                hint="remove the entry, or raise `max`",
            )
