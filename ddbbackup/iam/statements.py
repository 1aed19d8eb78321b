"""Combines grants into a policy document with few statements."""

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
    """Actions that are allowed on the same resources share a statement. The result is sorted."""
    by_action: dict[tuple[str, Condition | None], set[str]] = {}
    for grant in grants:
        by_action.setdefault((grant.action, grant.condition), set()).add(grant.arn)
    by_resources: dict[tuple[tuple[str, ...], Condition | None], list[str]] = {}
    for (action, condition), arns in by_action.items():
        by_resources.setdefault((_widest(arns), condition), []).append(action)
    statements = [
        _statement(sorted(actions), arns, condition)
        for (arns, condition), actions in sorted(
            by_resources.items(), key=lambda pair: (sorted(pair[1]), pair[0][0])
        )
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _widest(arns: Iterable[str]) -> tuple[str, ...]:
    """Without those that another one with wildcards includes."""
    every = sorted(set(arns))
    return tuple(
        arn for arn in every if not any(other != arn and fnmatchcase(arn, _literal(other)) for other in every)
    )


def _literal(pattern: str) -> str:
    """The only wildcards of IAM are `*` and `?` (IAM guide: Resource)."""
    return pattern.replace("[", "[[]")


def _statement(actions: list[str], arns: tuple[str, ...], condition: Condition | None) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": actions[0] if len(actions) == 1 else actions,
        "Resource": arns[0] if len(arns) == 1 else list(arns),
    }
    if condition is not None:
        operator, key, value = condition
        statement["Condition"] = {operator: {key: value}}
    return statement
