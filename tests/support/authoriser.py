"""Decides like IAM whether policies allow a call: its own action, and what AWS does with the rights of its caller.

Implements Allow statements with the condition operators that our policies use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.support.calls import Call
from tests.support.dependent_rights import Right, rights_of

NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity"}  # needs no permission (IAM guide)


@dataclass(frozen=True)
class Permission:
    """One allowed action on one resource pattern, under a condition."""

    action: str
    resource: str
    condition: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    def allows(self, right: Right) -> bool:
        return (
            _matches(self.action, right.action)
            and _matches(self.resource, right.resource)
            and all(
                _holds(operator, right.context.get(key, ()), values)
                for operator, key, values in self.condition
            )
        )


def permissions(policies: Iterable[Mapping[str, Any]]) -> Iterator[Permission]:
    """Every allowed action with every resource pattern that it is allowed on."""
    for policy in policies:
        for statement in policy["Statement"]:
            assert statement["Effect"] == "Allow"
            condition = tuple(
                (operator, key, tuple(_list(value)))
                for operator, keys in statement.get("Condition", {}).items()
                for key, value in keys.items()
            )
            for action in _list(statement["Action"]):
                for resource in _list(statement["Resource"]):
                    yield Permission(action, resource, condition)


def pairs(policy: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every allowed action with every resource pattern that it is allowed on, whatever the condition."""
    for each in permissions([policy]):
        yield each.action, each.resource


def denied(policies: Sequence[Mapping[str, Any]], calls: Iterable[Call]) -> list[str]:
    """The rights that the calls need and the policies do not give."""
    allowed = tuple(permissions(policies))
    needed = {right: None for call in calls for right in rights_of(call)}
    return sorted({str(right) for right in needed if not _is_allowed(allowed, right)})


def unused(policies: Sequence[Mapping[str, Any]], calls: Iterable[Call]) -> list[Permission]:
    """The permissions that no call needed."""
    needed = list({right: None for call in calls for right in rights_of(call)})
    return [each for each in permissions(policies) if not any(each.allows(right) for right in needed)]


def allows(policy: Mapping[str, Any], call: Call) -> bool:
    return not denied([policy], [call])


def _is_allowed(allowed: tuple[Permission, ...], right: Right) -> bool:
    return right.action in NEEDS_NO_PERMISSION or any(each.allows(right) for each in allowed)


def _holds(operator: str, actual: tuple[str, ...], expected: tuple[str, ...]) -> bool:
    """A key that the request does not have fulfils no condition (IAM guide: Condition operators)."""
    match operator:
        case "StringEquals":
            return len(actual) == 1 and actual[0] in expected
        case "StringLike":
            return len(actual) == 1 and any(_matches(each, actual[0]) for each in expected)
        case "ForAnyValue:StringEquals":
            return bool(set(actual) & set(expected))
        case _:
            raise AssertionError(f"the authoriser does not know {operator}")


def _matches(pattern: str, value: str) -> bool:
    return _expression(pattern).fullmatch(value) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """The only wildcards of IAM are `*` and `?` (IAM guide: Resource)."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
