"""Members of JSON objects are returned with their documented type, or are an error of the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ddbbackup.errors import StepFailed
from ddbbackup.model.json_value import (
    as_object,
    as_objects,
    get_integer,
    get_object,
    get_objects,
    get_text,
    require_text,
)

HOLDER: dict[str, Any] = {
    "object": {"a": 1},
    "objects": [{"a": 1}, {}],
    "text": "t",
    "empty": "",
    "number": 7,
    "whole": 7.0,
    "fraction": 7.5,
    "infinite": float("inf"),
    "flag": True,
    "null": None,
}


@pytest.mark.parametrize(
    ("get", "name", "expected"),
    [
        (get_object, "object", {"a": 1}),
        (get_object, "null", {}),
        (get_object, "missing", {}),
        (get_objects, "objects", [{"a": 1}, {}]),
        (get_objects, "missing", ()),
        (get_text, "text", "t"),
        (get_text, "empty", None),
        (get_text, "missing", None),
        (get_integer, "number", 7),
        (get_integer, "whole", 7),
        (get_integer, "missing", None),
        (require_text, "text", "t"),
    ],
)
def test_a_member_is_returned_with_its_type(get: Callable[..., Any], name: str, expected: Any) -> None:
    """A missing member and null are the same: AWS omits members that are not set."""
    assert get(HOLDER, name) == expected


@pytest.mark.parametrize(
    ("get", "name", "message"),
    [
        (get_object, "objects", "objects is a list, expected an object"),
        (get_object, "text", "text is a string, expected an object"),
        (get_objects, "object", "object is an object, expected a list"),
        (get_objects, "text", "text is a string, expected a list"),
        (get_text, "number", "number is a number, expected a string"),
        (get_text, "flag", "flag is a boolean, expected a string"),
        (get_integer, "text", "text is a string, expected an integer"),
        (get_integer, "flag", "flag is a boolean, expected an integer"),
        (get_integer, "fraction", "fraction is a number, expected an integer"),
        (get_integer, "infinite", "infinite is a number, expected an integer"),
        (require_text, "missing", "missing is nothing, expected a string"),
    ],
)
def test_another_type_is_an_error_that_names_the_member(
    get: Callable[..., Any], name: str, message: str
) -> None:
    """It names types and not the value, which may be data."""
    with pytest.raises(StepFailed) as caught:
        get(HOLDER, name)
    assert caught.value.message == f"unexpected JSON: {message}"


def test_a_whole_value_is_checked_too() -> None:
    """A response may be null, a list or an object."""
    assert (as_object(None), as_objects(None)) == ({}, ())
    with pytest.raises(StepFailed, match="the value is a list, expected an object"):
        as_object([])
    with pytest.raises(StepFailed, match="destinations is a number, expected an object"):
        as_objects([1], "destinations")
