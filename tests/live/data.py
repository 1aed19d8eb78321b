"""The items of the suite: every type of attribute, and values that are easily damaged on their way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context
from typing import Any, Final

Item = dict[str, Any]
_DIGITS: Final = Context(prec=40)


def item(number: int) -> Item:
    """An item in the form of the SDK, with the keys of the tables of the suite: ``id`` (S) and ``at`` (N)."""
    return {
        "id": {"S": f"item-{number % 7}"},
        "at": {"N": str(number)},
        "who": {"S": f"who-{number % 3}"},
        "text": {"S": 'line\u2028separator "quoted" \\u0041 \N{SNOWMAN} \x7f\n\t'},
        "empty": {"S": ""},
        "number": {"N": "12345678901234567890123456789012345678"},
        "fraction": {"N": "-0.1234567890123456789012345678901234567"},
        "bytes": {"B": bytes(range(256))},
        "no bytes": {"B": b""},
        "yes": {"BOOL": True},
        "no": {"BOOL": False},
        "null": {"NULL": True},
        "texts": {"SS": ["b", "a", "\u2029"]},
        "numbers": {"NS": ["3", "-2.5", "1"]},
        "binaries": {"BS": [b"\x00", b"\xff\xfe"]},
        "list": {"L": [{"S": "x"}, {"L": []}, {"M": {}}, {"B": b"nested"}, {"NULL": True}]},
        "map": {"M": {"deep": {"M": {"deeper": {"NS": ["7", "8"]}}}, "Item": {"S": '{"Item":{}}'}}},
    }


ITEMS: Final[tuple[Item, ...]] = tuple(map(item, range(40)))


def same(found: Iterable[Item], expected: Iterable[Item]) -> None:
    """Raises ``AssertionError`` unless both hold equal items, whatever their order. It shows keys, no values."""
    here, there = _by_key(found), _by_key(expected)
    missing, surplus = sorted(there.keys() - here.keys()), sorted(here.keys() - there.keys())
    assert (missing, surplus) == ([], []), f"missing items: {missing[:5]}; surplus items: {surplus[:5]}"
    different = [key for key, each in there.items() if here[key] != each]
    assert not different, f"{len(different)} items differ, for example {different[0]}"


def _by_key(items: Iterable[Item]) -> dict[str, Any]:
    return {f"{each['id']}{each.get('at', '')}": _plain({"M": each}) for each in items}


def _plain(value: Mapping[str, Any]) -> Any:
    """A value that compares as DynamoDB does: sets have no order, and numbers no form."""
    ((kind, content),) = value.items()
    match kind:
        case "M":
            return kind, {name: _plain(each) for name, each in content.items()}
        case "L":
            return kind, [_plain(each) for each in content]
        case "N":
            return kind, _DIGITS.create_decimal(content)
        case "NS":
            return kind, frozenset(map(_DIGITS.create_decimal, content))
        case "SS" | "BS":
            return kind, frozenset(content)
        case _:
            return kind, content
