"""What a schema cannot say: one rule a file. A rule gets the document and yields problems.

Rules also run on documents that break the schema, so that all problems come at once: they look only at what
has the right shape and leave the rest to the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ddbbackup.plan.document import Document
from ddbbackup.plan.rules import (
    completeness,
    destinations,
    encryption,
    expect,
    methods,
    not_implemented,
    notifications,
    restores,
    secrets,
    tables,
    templates,
)
from ddbbackup.problems import Problem

RULES: Final[tuple[Callable[[Document], Iterator[Problem]], ...]] = (
    completeness.check,
    destinations.check,
    encryption.check,
    tables.check,
    expect.check,
    templates.check,
    restores.check,
    methods.check,
    notifications.check,
    secrets.check,
    not_implemented.check,
)


def rule_problems(document: Document) -> Iterator[Problem]:
    for rule in RULES:
        yield from rule(document)
