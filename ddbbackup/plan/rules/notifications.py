"""``ping`` reports every run, because a dead man's switch alerts on silence."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.plan.document import Document
from ddbbackup.plan.rules.access import notifications
from ddbbackup.problems import Problem


def check(document: Document) -> Iterator[Problem]:
    for path, _, notification in notifications(document):
        if "ping" in notification and "when" in notification:
            yield document.problem(
                (*path, "when"),
                "ping-with-when",
                "`ping` reports every run, so `when` is not allowed",
                hint="remove `when`, or use `webhook` instead of `ping`",
                at_key=True,
            )
