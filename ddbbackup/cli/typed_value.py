"""A value with its type on the command line, as DynamoDB writes it: ``{"N": "1"}``."""

from __future__ import annotations

import json
from typing import Any, Final

from ddbbackup.errors import UsageError

_HINT: Final = """write JSON such as '{"N": "1.5"}', and a text that begins with a brace as '{"S": "{…"}'"""


def typed_value(option: str, text: str) -> dict[str, Any]:
    """The value in ``text``, which begins with a brace. A brace that is missing must not make a text of a number.

    Raises ``UsageError``, which does not repeat the text, unless it is an attribute value.
    """
    from ddbbackup.conditions import value_problem  # noqa: PLC0415 - only values of items need it

    value = json_object(option, text)
    if (problem := value_problem(value)) is not None:
        raise UsageError(f"{option} is no attribute value: {problem}", hint=_HINT)
    return value


def json_object(option: str, text: str, *, hint: str = _HINT) -> dict[str, Any]:
    """Raises ``UsageError``, which does not repeat the text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UsageError(f"{option} begins with a brace, but is not valid JSON", hint=hint)
    return value
