"""Combines grants into few statements with readable names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, NamedTuple

from ddbbackup.iam.resources import Condition
from ddbbackup.steps.permissions import On

Policy = dict[str, Any]
"""An IAM policy document."""

_SIDS: Final[dict[On | str, str]] = {
    "everything": "WithoutResource",
    "target-everything": "WithoutResource",
    "table": "Tables",
    "index": "BelowTables",
    "stream": "BelowTables",
    "export": "BelowTables",
    "snapshot": "BelowTables",
    "target": "Targets",
    "target-index": "BelowTargets",
    "target-stream": "BelowTargets",
    "import": "BelowTargets",
    "replica": "Replicas",
    "bucket": "Bucket",
    "object": "Data",
    "any-object": "DataOfAllTables",
    "manifest": "Manifests",
    "record": "Records",
    "any-record": "RecordsOfAllTables",
    "restore-state": "RestoreState",
    "key": "BucketKey",
    "table-key": "DescribeTableKeys",
    "target-key": "DescribeTargetKeys",
    "table-key-use": "TableKeys",
    "target-key-use": "TargetKeys",
    "replica-key-use": "ReplicaKeys",
    "kinesis-stream": "KinesisStreams",
    "scaling-alarm": "AutoScalingAlarms",
    "scaling-role": "ServiceLinkedRoles",
    "replication-role": "ServiceLinkedRoles",
    "kinesis-role": "ServiceLinkedRoles",
    "insights-role": "ServiceLinkedRoles",
    "import-log": "ImportLog",
    "topic": "Notifications",
    "role": "AssumeRole",
}


class Grant(NamedTuple):
    """One action on one resource. ``on`` is the kind of the resource: one of ``On``, a `topic`, or a `role`."""

    action: str
    arn: str
    on: On | str = "everything"
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """Actions that are allowed on resources; everything is sorted."""

    sid: str
    actions: tuple[str, ...]
    arns: tuple[str, ...]
    condition: Condition | None = None

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": _one_or_all(self.actions),
            "Resource": _one_or_all(self.arns),
        }
        if self.condition is not None:
            operator, key, value = self.condition
            document["Condition"] = {operator: {key: value}}
        return document


def statements_of(grants: Iterable[Grant]) -> list[Statement]:
    """Actions that are allowed on the same resources share a statement, and so do resources with the same actions."""
    allowed: dict[tuple[str, Condition | None], dict[str, str]] = {}
    for grant in grants:
        allowed.setdefault((grant.action, grant.condition), {}).setdefault(_below(grant), _SIDS[grant.on])
    resources: dict[tuple[str, str, Condition | None], set[str]] = {}
    for (action, condition), sids in allowed.items():
        for arn in widest(frozenset(sids)):
            resources.setdefault((sids[arn], action, condition), set()).add(arn)
    actions: dict[tuple[frozenset[str], Condition | None], dict[str, str]] = {}
    for (sid, action, condition), arns in resources.items():
        actions.setdefault((frozenset(arns), condition), {})[action] = sid
    merged: dict[tuple[frozenset[str], Condition | None], tuple[str, set[str]]] = {}
    for (same_arns, condition), sids_of_actions in actions.items():
        sid = min(sids_of_actions.values(), key=_position)
        _, known = merged.setdefault((frozenset(sids_of_actions), condition), (sid, set()))
        known.update(same_arns)
    statements = [
        Statement(sid, tuple(sorted(same_actions)), tuple(sorted(every)), condition)
        for (same_actions, condition), (sid, every) in merged.items()
    ]
    return numbered(sorted(statements, key=lambda each: (_position(each.sid), each.actions, each.arns)))


def policy(statements: Sequence[Statement]) -> Policy:
    return {"Version": "2012-10-17", "Statement": [each.document for each in statements]}


@cache
def widest(arns: frozenset[str]) -> tuple[str, ...]:
    """Without those that another one with wildcards includes."""
    patterns: dict[str, list[str]] = {}
    for each in arns:
        if "*" in each or "?" in each:
            patterns.setdefault(re.split(r"[*?]", each, maxsplit=1)[0], []).append(each)
    lengths = {len(literal) for literal in patterns}

    def is_included(arn: str) -> bool:
        candidates = (each for n in lengths for each in patterns.get(arn[:n], ()))
        return any(each != arn and _expression(each).fullmatch(arn) for each in candidates)

    return tuple(arn for arn in sorted(arns) if not is_included(arn))


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """The only wildcards of IAM are `*` and `?` (IAM guide: Resource)."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))


def _below(grant: Grant) -> str:
    """One pattern for everything below a table: each of these actions accepts only one kind of resource there.

    The Service Authorization Reference lists for DynamoDB: index for Contributor Insights, stream for resource
    policies, export for DescribeExport, import for DescribeImport, backup for DescribeBackup and DeleteBackup.
    """
    if _SIDS[grant.on] in ("BelowTables", "BelowTargets"):
        return re.sub(r"(:table/[^/]+)/[a-z]+/\*$", r"\1/*", grant.arn)
    return grant.arn


def numbered(statements: Iterable[Statement]) -> list[Statement]:
    """With the Sids numbered where they repeat: a Sid is unique in its policy (IAM guide: Sid)."""
    seen: Counter[str] = Counter()
    result = []
    for each in statements:
        seen[each.sid] += 1
        number = str(seen[each.sid]) if seen[each.sid] > 1 else ""
        result.append(replace(each, sid=f"{each.sid}{number}"))
    return result


def _position(sid: str) -> int:
    return _ORDER[sid]


_ORDER: Final[Mapping[str, int]] = {sid: n for n, sid in enumerate(dict.fromkeys(_SIDS.values()))}


def _one_or_all(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
