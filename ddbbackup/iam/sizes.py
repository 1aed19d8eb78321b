"""The sizes that IAM allows, and policies that keep to them.

Source: IAM guide, IAM and AWS STS quotas. IAM does not count white space.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from ddbbackup.iam.statements import Policy, Statement, policy

MANAGED_POLICY_CHARACTERS: Final = 6_144
BUCKET_POLICY_BYTES: Final = 20 * 1024  # S3 guide: Bucket policies
TRUST_POLICY_CHARACTERS: Final = 2_048


def characters(document: Any) -> int:
    """The size of a policy document as IAM counts it."""
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False))


def split(statements: Iterable[Statement]) -> list[Policy]:
    """Policies that together allow what the statements allow, each small enough for a managed policy.

    A statement that does not fit is divided by its resources.
    """
    policies: list[list[Statement]] = [[]]
    for statement in statements:
        for part in _parts(statement, policies[-1]):
            if policies[-1] and not _fits([*policies[-1], part]):
                policies.append([])
            policies[-1].append(part)
    return [policy(each) for each in policies if each]


def _parts(statement: Statement, beside: Sequence[Statement]) -> Iterator[Statement]:
    """The statement, or parts of it: the first fits beside others if that is possible, the next ones stand alone."""
    if _fits([*beside, statement]) or len(statement.arns) == 1:
        yield statement
        return
    count = _most_resources(statement, beside) or _most_resources(statement, ()) or 1
    yield replace(statement, arns=statement.arns[:count])
    if count < len(statement.arns):
        yield from _parts(replace(statement, arns=statement.arns[count:]), ())


def _most_resources(statement: Statement, beside: Sequence[Statement]) -> int:
    """How many resources fit, by bisection: 0 if not even one does."""
    low, high = 0, len(statement.arns)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits([*beside, replace(statement, arns=statement.arns[:middle])]):
            low = middle
        else:
            high = middle - 1
    return low


def _fits(statements: Sequence[Statement]) -> bool:
    return characters(policy(statements)) <= MANAGED_POLICY_CHARACTERS
