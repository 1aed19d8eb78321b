"""A ping is told of every run, so that its silence means something; the others choose."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.plan.document import Document
from ddbbackup.plan.rules.access import mapping
from ddbbackup.problems import Problem


def check(document: Document) -> Iterator[Problem]:
    for name, value in mapping(document.data.get("notifications")).items():
        notification = mapping(value)
        if "ping" in notification and "when" in notification:
            yield document.problem(
                ("notifications", name, "when"),
                "ping-chooses",
                "a ping is told of every run, or its silence would mean nothing",
                hint="remove `when`, or use `webhook`",
                at_key=True,
            )
