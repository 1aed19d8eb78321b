"""The number of tables that a selector expects is possible."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.plan.document import Document
from ddbbackup.plan.rules.access import defaults_and_entries, get
from ddbbackup.problems import Problem


def check(document: Document) -> Iterator[Problem]:
    for path, holder in defaults_and_entries(document):
        low, high = get(holder, "expect", "min"), get(holder, "expect", "max")
        if isinstance(low, int) and isinstance(high, int) and low > high:
            yield document.problem(
                (*path, "expect"),
                "impossible-expect",
                f"`min` ({document.show((*path, 'expect', 'min'), low)}) is greater than "
                f"`max` ({document.show((*path, 'expect', 'max'), high)})",
                hint="swap `min` and `max`",
            )
        elif high == 0 and not isinstance(high, bool):
            yield document.problem(
                (*path, "expect", "max"),
                "impossible-expect",
                "`max: 0` cannot be met, because an entry that selects no table always fails",
                hint="raise `max`, or remove the entry",
            )
