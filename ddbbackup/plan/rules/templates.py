"""Templates contain only known fields, and render to names that AWS accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ddbbackup.plan.document import Document, ValuePath
from ddbbackup.plan.rules.access import destinations, get, restores
from ddbbackup.problems import Problem
from ddbbackup.suggestions import suggest

PREFIX_FIELDS: Final = ("account", "region", "table", "plan")
TARGET_FIELDS: Final = ("table", "date", "run")
_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_TABLE_NAME_CHARACTERS: Final = re.compile(r"[a-zA-Z0-9_.-]*")


def check(document: Document) -> Iterator[Problem]:
    for path, _, destination in destinations(document):
        yield from _check_template(document, (*path, "prefix"), destination.get("prefix"), PREFIX_FIELDS)
    for path, _, restore in restores(document):
        place: ValuePath = (*path, "to", "table")
        template = get(restore, "to", "table")
        yield from _check_template(document, place, template, TARGET_FIELDS)
        if isinstance(template, str) and not _TABLE_NAME_CHARACTERS.fullmatch(
            re.sub(r"[{][^{}]*[}]|[{}]", "", template)
        ):
            yield document.problem(
                place,
                "bad-value",
                f"{document.show(place, template)} does not render to a table name",
                hint="use letters, digits, dots, hyphens, underscores and the fields {table}, {date} and {run}",
            )


def _check_template(
    document: Document, path: ValuePath, template: object, known: tuple[str, ...]
) -> Iterator[Problem]:
    if not isinstance(template, str):
        return
    fields = ", ".join("{" + name + "}" for name in known)
    for name in _FIELD.findall(template):
        if name not in known:
            yield document.problem(
                path,
                "unknown-field",
                f"unknown field {{{name}}}",
                hint=suggest(
                    f"{{{name}}}",
                    ["{" + each + "}" for each in known],
                    otherwise=f"use one of: {fields}",
                ),
            )
    if re.search(r"[{}]", _FIELD.sub("", template)):
        yield document.problem(path, "bad-template", "unmatched brace", hint=f"write fields as {fields}")
