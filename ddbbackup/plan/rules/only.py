"""``only`` of a restore: its condition is valid, and its method can restore a part of a backup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ddbbackup.conditions import InvalidCondition, parse_condition, value_problem
from ddbbackup.plan.document import Document, ValuePath
from ddbbackup.plan.rules.access import mapping, restores, sequence
from ddbbackup.problems import Problem


def check(document: Document) -> Iterator[Problem]:
    for path, _, restore in restores(document):
        only = restore.get("only")
        if not isinstance(only, dict):
            continue
        method = restore.get("method", "auto")
        if method in ("bulk-put", "import", "point-in-time", "snapshot"):
            yield document.problem(
                (*path, "only"),
                "unsupported-combination",
                f"`method: {method}` restores whole tables, so `only` has no effect",
                hint="use `method: write`, or remove `only`",
                at_key=True,
            )
        yield from _check_keys(document, (*path, "only"), only)
        yield from _check_condition(document, (*path, "only"), only)


def _check_keys(document: Document, path: ValuePath, only: Mapping[str, Any]) -> Iterator[Problem]:
    places = [((*path, "partition"), only.get("partition"))]
    for number, key in enumerate(sequence(only.get("keys"))):
        places += [((*path, "keys", number, str(name)), value) for name, value in mapping(key).items()]
    for place, value in places:
        if isinstance(value, dict) and (problem := _key_problem(value)):
            yield document.problem(
                place, "bad-value", problem, hint='use a value such as {S: c-1017} or {N: "5"}'
            )


def _key_problem(value: Mapping[str, Any]) -> str | None:
    if not value.keys() <= {"S", "N", "B"}:
        return "the value of a key attribute has the type S, N or B"
    return value_problem(value)


def _check_condition(document: Document, path: ValuePath, only: Mapping[str, Any]) -> Iterator[Problem]:
    where, names, values = only.get("where"), mapping(only.get("names")), mapping(only.get("values"))
    if not isinstance(where, str):
        for part in ("names", "values"):
            if part in only:
                yield document.problem(
                    (*path, part),
                    "unsupported-combination",
                    f"`{part}` has no effect without `where`",
                    hint=f"add `where`, or remove `{part}`",
                    at_key=True,
                )
        return
    if not all(isinstance(name, str) for name in names.values()):
        return  # the schema reports this
    try:
        parse_condition(where, names, values)
    except InvalidCondition as error:
        for each in error.problems:
            if each.part == "where":
                yield document.problem_within(
                    (*path, "where"), each.offset, "bad-expression", each.message, hint=each.hint
                )
            else:
                yield document.problem(
                    (*path, each.part, each.name), "bad-value", each.message, hint=each.hint
                )
