"""Rules that a JSON Schema cannot express: one module per rule, each with ``check(document) -> problems``.

Rules also run on documents that break the schema, so that all problems are reported at once. A rule therefore looks
only at values of the right type and leaves the rest to the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ddbbackup.plan.document import Document
from ddbbackup.plan.rules import (
    change,
    destinations,
    encryption,
    expect,
    methods,
    notifications,
    only,
    restores,
    roles,
    secrets,
    tables,
    templates,
)
from ddbbackup.problems import Problem

RULES: Final[tuple[Callable[[Document], Iterator[Problem]], ...]] = (
    destinations.check,
    encryption.check,
    tables.check,
    expect.check,
    templates.check,
    restores.check,
    methods.check,
    change.check,
    only.check,
    roles.check,
    notifications.check,
    secrets.check,
)


def check_rules(document: Document) -> Iterator[Problem]:
    for rule in RULES:
        yield from rule(document)
