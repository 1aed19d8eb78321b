"""Items with every attribute type of DynamoDB, and with texts that are difficult in JSON."""

from __future__ import annotations

from tests.support.aws import Item


def every_type() -> list[Item]:
    """Keys are strings. Numbers are in the form in which servers return them."""
    values: dict[str, Item] = {
        "string": {"S": 'grün \u2028 🎉 "quoted" \\ /'},
        "empty string": {"S": ""},
        "boundary": {"S": '}},{"id":{"S":"x"}},{"'},
        "line": {"S": 'a\n{"Item":{"id":{"S":"forged"}}}\nb'},
        "number": {"N": "12345678901234567890123456789012345678"},
        "fraction": {"N": "-0.00000000000000000000000000000000000001"},
        "binary": {"B": "AAECAwT/"},
        "empty binary": {"B": ""},
        "true": {"BOOL": True},
        "false": {"BOOL": False},
        "null": {"NULL": True},
        "string set": {"SS": ["b", "a", "ü"]},
        "number set": {"NS": ["3", "1", "2.5"]},
        "binary set": {"BS": ["AQ==", "Ag=="]},
        "list": {"L": [{"M": {"a": {"S": "x"}}}, {"M": {"b": {"L": []}}}, {"S": "]}"}]},
        "map": {"M": {"}},{": {"M": {}}, "Item": {"N": "1"}, "ключ": {"L": [{"L": [{"NULL": True}]}]}}},
    }
    return [{"id": {"S": name}, "value": value, "ünï": {"S": name}} for name, value in values.items()]
