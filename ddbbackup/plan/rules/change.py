"""``change`` of a restore: its paths and values are valid, its key is long enough, and no value is hashed twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

from ddbbackup.conditions import value_problem
from ddbbackup.model.item_path import EVERY, InvalidPath, ItemPath, parse_path
from ddbbackup.plan.document import Document, ValuePath
from ddbbackup.plan.rules.access import mapping, restores, sequence
from ddbbackup.problems import Problem

MIN_KEY_CHARACTERS: Final = 16


def check(document: Document) -> Iterator[Problem]:
    for path, _, restore in restores(document):
        if "change" not in restore:
            continue
        change, place = mapping(restore["change"]), (*path, "change")
        method = restore.get("method", "auto")
        if method not in ("auto", "write"):
            yield document.problem(
                place,
                "unsupported-combination",
                f"`method: {method}` cannot change items, because AWS copies them",
                hint="use `method: write`, or remove `change`",
                at_key=True,
            )
        hashed = mapping(change.get("hash"))
        key = hashed.get("key")
        if isinstance(key, str) and 0 < len(key) < MIN_KEY_CHARACTERS:  # never repeats it
            yield document.problem(
                (*place, "hash", "key"),
                "out-of-bounds",
                f"the key has fewer than {MIN_KEY_CHARACTERS} characters, so it could be guessed",
                hint="use a random one, for example of `openssl rand -hex 32`",
            )
        yield from _check_paths(document, (*place, "drop"), sequence(change.get("drop")))
        yield from _check_paths(document, (*place, "hash", "paths"), sequence(hashed.get("paths")))
        yield from _check_overlaps(document, (*place, "hash", "paths"), sequence(hashed.get("paths")))
        for text, value in mapping(change.get("set")).items():
            at = (*place, "set", text)
            yield from _check_path(document, at, text, at_key=True)
            if isinstance(value, dict) and (problem := value_problem(value)) is not None:
                hint = 'write it as in {N: "1.5"}'
                yield document.problem(at, "bad-value", f"this is no attribute value: {problem}", hint=hint)


def _check_paths(document: Document, place: ValuePath, texts: list[Any]) -> Iterator[Problem]:
    for index, text in enumerate(texts):
        yield from _check_path(document, (*place, index), text)


def _check_path(
    document: Document, place: ValuePath, text: Any, *, at_key: bool = False
) -> Iterator[Problem]:
    if isinstance(text, str) and text:
        try:
            parse_path(text)
        except InvalidPath as error:
            yield document.problem(
                place,
                "bad-value",
                f"{document.show(place, text)} is not the path of an attribute: {error}",
                hint="write it as in `address.lines[0].name`",
                at_key=at_key,
            )


def _check_overlaps(document: Document, place: ValuePath, texts: list[Any]) -> Iterator[Problem]:
    """A value that two paths reach would be hashed twice, and would not match where one path reaches it."""
    parsed = [
        (index, text, found) for index, text in enumerate(texts) if (found := _parsed(text)) is not None
    ]
    for (_, first, one), (index, second, other) in combinations(parsed, 2):
        if all(_may_meet(*parts) for parts in zip(one, other, strict=False)):
            yield document.problem(
                (*place, index),
                "repeated",
                f"{document.show((*place, index), second)} and {first!r} reach the same values, which would be "
                "hashed twice",
                hint="remove one of the two paths",
            )


def _parsed(text: Any) -> ItemPath | None:
    try:
        return parse_path(text) if isinstance(text, str) else None
    except InvalidPath:
        return None


def _may_meet(one: str | int, other: str | int) -> bool:
    return one == other or EVERY in (one, other)
