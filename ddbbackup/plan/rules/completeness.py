"""A plan says what to back up or what to put back, and where backups go."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.plan.document import Document
from ddbbackup.problems import Problem


def check(document: Document) -> Iterator[Problem]:
    data = document.data
    if "tables" not in data and "restores" not in data:
        yield document.problem(
            (), "nothing-to-do", "the plan has neither `tables` nor `restores`", hint="add `tables`"
        )
    if "tables" in data and "destinations" not in data:
        yield document.problem(
            (), "missing-key", "`destinations` is missing", hint="add a destination: a name with its `bucket`"
        )
