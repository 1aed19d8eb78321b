"""A role belongs to one account and one partition, which must be those that the plan names beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.model.arn import Arn
from ddbbackup.model.partitions import partition_of
from ddbbackup.plan.document import Document, ValuePath
from ddbbackup.plan.rules.access import get, mapping, restores
from ddbbackup.problems import Problem


def check(document: Document) -> Iterator[Problem]:
    aws = mapping(document.data.get("aws"))
    yield from _check(document, ("aws",), aws, aws.get("region"))
    for path, _, restore in restores(document):
        target = mapping(restore.get("to"))
        yield from _check(document, (*path, "to"), target, target.get("region", aws.get("region")))


def _check(document: Document, path: ValuePath, place: dict[str, Any], region: object) -> Iterator[Problem]:
    """``place`` may have an account and a role."""
    account, role_arn = place.get("account"), get(place, "assume_role", "role_arn")
    role = Arn.parse_if_arn(role_arn) if isinstance(role_arn, str) else None
    if role is None:
        return
    if isinstance(account, str) and role.account.isdecimal() and role.account != account:
        yield document.problem(
            (*path, "account"),
            "unsupported-combination",
            f"`role_arn` is not a role of account {document.show((*path, 'account'), account)}",
            hint="correct `account` or `role_arn`",
        )
    if isinstance(region, str) and role.partition != partition_of(region):
        yield document.problem(
            (*path, "assume_role", "role_arn"),
            "unsupported-combination",
            f"the role belongs to the partition {role.partition}, but {region} to {partition_of(region)}: AWS keeps "
            "their accounts apart",
            hint="correct `role_arn` or `region`",
        )
