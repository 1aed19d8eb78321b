"""The options that select items: ``--key``, ``--partition``, and ``--where`` with ``--value`` and ``--name``."""

from __future__ import annotations

import argparse
import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.cli.typed_value import json_object, typed_value
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
    """The options of ``item_selection`` that the command line uses; a verb may not have them."""
    values = {
        "--key": "keys",
        "--partition": "partition",
        "--where": "where",
        "--value": "values",
        "--name": "names",
    }
    return [option for option, name in values.items() if options.__dict__.get(name) is not None]


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
            return Only(partition=_key_value("--partition", options.partition))
        return Only(keys=tuple(map(_key, options.keys))) if options.keys else None
    names = _pairs("--name", options.names or (), "#", "#status=order-status")
    texts = _pairs("--value", options.values or (), ":", ":c=c-1017")
    only = Only(
        where=options.where, names=names, values={name: _value(name, text) for name, text in texts.items()}
    )
    _check(only)
    return only


def _key(text: str) -> Mapping[str, KeyValue]:
    if text.startswith("{"):
        typed = json_object("--key", text, hint="""write JSON such as '{"id": {"S": "a,b"}}'""")
        if all(isinstance(value, str | dict) for value in typed.values()):
            return typed
    key: dict[str, KeyValue] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals or not name or name in key:
            raise UsageError(
                "--key is not a list of NAME=VALUE", hint="write --key id=c-1017, or a key as JSON"
            )
        key[name] = _key_value(f"--key {name}", value)
    return key


def _key_value(option: str, text: str) -> KeyValue:
    """A plain text gets the type that the table says."""
    return typed_value(option, text) if text.startswith("{") else text


def _pairs(option: str, texts: Sequence[str], sign: str, example: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.startswith(sign):
            raise UsageError(f"{option} does not begin with {sign}NAME=", hint=f"write {option} '{example}'")
        if name in pairs:
            raise UsageError(f"{option} {name} is given twice", hint=f"keep one `{option} {name}=…`")
        pairs[name] = value
    return pairs


def _value(name: str, text: str) -> Mapping[str, Any]:
    """A string, unless it says another type. What looks like another type has to say which it is."""
    if text.startswith("{"):
        return json_object(f"--value {name}", text)  # its type is checked with the condition
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
