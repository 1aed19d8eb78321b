"""Templates have only fields that are known where they stand, and make names that AWS takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ddbbackup.plan.document import Document, Path
from ddbbackup.plan.rules.access import destinations, get, restores
from ddbbackup.plan.schema_problems import near
from ddbbackup.problems import Problem

PREFIX_FIELDS: Final = ("account", "region", "table", "plan")
TARGET_FIELDS: Final = ("table", "date", "run")
_FIELD: Final = re.compile(r"\{([^{}]*)\}")


def check(document: Document) -> Iterator[Problem]:
    for path, _, destination in destinations(document):
        yield from _template(document, (*path, "prefix"), destination.get("prefix"), PREFIX_FIELDS)
    for path, _, restore in restores(document):
        place: Path = (*path, "to", "table")
        template = get(restore, "to", "table")
        yield from _template(document, place, template, TARGET_FIELDS)
        if isinstance(template, str) and not re.fullmatch(
            r"[a-zA-Z0-9_.-]*", re.sub(r"[{][^{}]*[}]", "", template)
        ):
            yield document.problem(
                place,
                "bad-value",
                f"{document.show(place, template)} makes no table name",
                hint="use letters, digits, dots, dashes and underscores, and the fields {table} {date} {run}",
            )


def _template(document: Document, path: Path, template: object, known: tuple[str, ...]) -> Iterator[Problem]:
    if not isinstance(template, str):
        return
    listed = " ".join("{" + name + "}" for name in known)
    for name in _FIELD.findall(template):
        if name not in known:
            yield document.problem(
                path,
                "unknown-field",
                f"there is no field {{{name}}} here",
                hint=near(name, known, f"use {listed}"),
            )
    if re.search(r"[{}]", _FIELD.sub("", template)):
        yield document.problem(
            path, "bad-template", "a brace stands alone in this template", hint=f"write fields as {listed}"
        )
