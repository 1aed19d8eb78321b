"""The options that select items: ``--key``, ``--partition``, and ``--where`` with ``--value`` and ``--name``."""

from __future__ import annotations

import argparse
import json
import re
from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.errors import UsageError

if TYPE_CHECKING:
    from ddbbackup.plan.model import KeyValue, Only

_NUMBER: Final = re.compile(r"[+-]?[0-9.]*[0-9][0-9.]*([eE][+-]?[0-9]+)?", re.ASCII)
_OF_WHERE: Final = ("--value", "--name")
_TYPES: Final = ("S", "N", "B", "BOOL", "NULL")
_AMBIGUOUS: Final = ["true", "false", "null", "True", "False"]


def item_selection(parser: argparse.ArgumentParser) -> None:
    """Parsed by ``selected_items``."""
    parser.add_argument(
        "--key",
        dest="keys",
        action="append",
        metavar="NAME=VALUE[,NAME=VALUE]",
        help="only the item with this key, such as id=c-1017; types are those of the table; values with a comma as "
        'JSON: \'{"id": {"S": "a,b"}}\'; may be repeated',
    )
    parser.add_argument(
        "--partition", metavar="VALUE", help="only items with this value of the partition key"
    )
    parser.add_argument(
        "--where",
        metavar="CONDITION",
        help="only items that match this condition in the syntax of a FilterExpression, such as 'customer = :c'",
    )
    parser.add_argument(
        "--value",
        dest="values",
        action="append",
        metavar=":NAME=VALUE",
        help="with --where: the value of a placeholder: :c=c-1017 is a string, :n=N:5 a number, also S:, B:, BOOL:, "
        'NULL:, or JSON such as \'{"N": "5"}\'; may be repeated',
    )
    parser.add_argument(
        "--name",
        dest="names",
        action="append",
        metavar="#NAME=ATTRIBUTE",
        help="with --where: the attribute that a placeholder stands for; may be repeated",
    )


def given_selection(options: Namespace) -> list[str]:
    """The options of ``item_selection`` that the command line uses; none for a verb that lacks them."""
    given = options.__dict__
    values = {
        "--key": given.get("keys"),
        "--partition": given.get("partition"),
        "--where": given.get("where"),
        "--value": given.get("values"),
        "--name": given.get("names"),
    }
    return [option for option, value in values.items() if value is not None]


def selected_items(options: Namespace) -> Only | None:
    """None if the command line selects no items. Raises ``UsageError``; no message repeats a value."""
    from ddbbackup.plan.model import Only  # noqa: PLC0415 - only verbs that read items need it

    given = given_selection(options)
    if not given:
        return None
    ways = [option for option in given if option not in _OF_WHERE]
    if len(ways) > 1:
        raise UsageError(f"{' and '.join(ways)} are mutually exclusive", hint=f"keep {' or '.join(ways)}")
    if options.where is None:
        for option in given:
            if option in _OF_WHERE:
                raise UsageError(
                    f"{option} has no effect without --where", hint=f"add --where, or remove {option}"
                )
        if options.partition is not None:
            return Only(partition=options.partition)
        return Only(keys=tuple(map(_key, options.keys))) if options.keys else None
    names = dict(_pair("--name", text, "#", "#status=order-status") for text in options.names or ())
    texts = dict(_pair("--value", text, ":", ":c=c-1017") for text in options.values or ())
    only = Only(
        where=options.where, names=names, values={name: _value(name, text) for name, text in texts.items()}
    )
    _check(only)
    return only


def _key(text: str) -> Mapping[str, KeyValue]:
    if text.startswith("{"):
        key = _json("--key", text)
        if all(isinstance(value, str | dict) for value in key.values()):
            return key
    key = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals or not name or name in key:
            raise UsageError(
                "--key is not a list of NAME=VALUE", hint="write --key id=c-1017, or a key as JSON"
            )
        key[name] = value
    return key


def _pair(option: str, text: str, sign: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.startswith(sign):
        raise UsageError(f"{option} does not begin with {sign}NAME=", hint=f"write {option} '{example}'")
    return name, value


def _value(name: str, text: str) -> Mapping[str, Any]:
    """A string, unless it says another type. What looks like another type has to say which it is."""
    if text.startswith("{"):
        return _json("--value", text)
    kind, colon, content = text.partition(":")
    if colon and kind in _TYPES:
        if kind == "BOOL" and content in ("true", "false"):
            return {"BOOL": content == "true"}
        return {"NULL": True} if kind == "NULL" else {kind: content}
    if _NUMBER.fullmatch(text) or text in _AMBIGUOUS:
        raise UsageError(
            f"--value {name} may be a string or something else",
            hint=f"write {name}=S:… for a string, {name}=N:… for a number, or {name}=BOOL:…",
        )
    return {"S": text}


def _json(option: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UsageError(
            f"{option} is not valid JSON", hint=f"""write JSON such as {option} '{{"S": "text"}}'"""
        )
    return value


def _check(only: Only) -> None:
    """Shows the place in the condition, as far as that is where the problem is."""
    from ddbbackup.conditions import InvalidCondition, parse_condition  # noqa: PLC0415 - as above

    try:
        parse_condition(only.where or "", only.names, only.values)
    except InvalidCondition as error:
        first = error.problems[0]
        if first.part == "where":
            raise UsageError(
                f"--where, character {first.offset + 1}: {first.message}", hint=first.hint
            ) from None
        option = "--name" if first.part == "names" else "--value"
        raise UsageError(f"{option} {first.name}: {first.message}", hint=first.hint) from None
