"""From single grants to a policy document with as few statements as say the same."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

Condition = tuple[str, str, str]


class Grant(NamedTuple):
    """One action on one resource; ``condition`` is operator, key and value."""

    action: str
    arn: str
    condition: Condition | None = None


def policy(grants: Iterable[Grant]) -> dict[str, Any]:
    """Actions that are allowed on the same resources share a statement; everything is sorted."""
    by_action: dict[tuple[str, Condition | None], set[str]] = {}
    for grant in grants:
        by_action.setdefault((grant.action, grant.condition), set()).add(grant.arn)
    together: dict[tuple[tuple[str, ...], Condition | None], list[str]] = {}
    for (action, condition), arns in by_action.items():
        together.setdefault((_widest(arns), condition), []).append(action)
    statements = [
        _statement(sorted(actions), arns, condition)
        for (arns, condition), actions in sorted(
            together.items(), key=lambda pair: (sorted(pair[1]), pair[0][0])
        )
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _widest(arns: Iterable[str]) -> tuple[str, ...]:
    """Without those that another pattern of the set covers."""
    every = sorted(set(arns))
    return tuple(
        arn for arn in every if not any(other != arn and fnmatchcase(arn, _literal(other)) for other in every)
    )


def _literal(pattern: str) -> str:
    """IAM's patterns know `*` and `?` only."""
    return pattern.replace("[", "[[]")


def _statement(actions: list[str], arns: tuple[str, ...], condition: Condition | None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "Effect": "Allow",
        "Action": actions[0] if len(actions) == 1 else actions,
        "Resource": arns[0] if len(arns) == 1 else list(arns),
    }
    if condition is not None:
        operator, key, value = condition
        said["Condition"] = {operator: {key: value}}
    return said
