"""IAM policies of one plan: for each role, for each role that a restore assumes, for each foreign bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ddbbackup.iam.notes import notes_of
from ddbbackup.iam.resources import Part, PlaceOfPlan
from ddbbackup.iam.statements import Grant, policy
from ddbbackup.iam.topics import publishing
from ddbbackup.model.arn import Arn
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Plan, Restore
from ddbbackup.steps.permissions import Permission, Role

ROLES: Final[tuple[Role, ...]] = ("backup", "restore", "verify", "prune", "read")
_AT_THE_TARGET: Final = ("target", "target-index", "target-stream", "import", "import-log")


@dataclass(frozen=True, slots=True)
class Policies:
    """``roles`` by name (only those that the plan has work for), ``assumed_roles`` by ARN, ``buckets`` by name."""

    plan: str
    place: PlaceOfPlan
    roles: Mapping[str, Mapping[str, Any]]
    assumed_roles: Mapping[str, Mapping[str, Any]]
    buckets: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]


def policies_of(
    plan: Plan,
    place: PlaceOfPlan,
    permissions: Sequence[Permission],
    roles_of_verbs: Mapping[str, Role],
) -> Policies:
    """``permissions`` are those that the program declares; asked for each entry and each restore by itself.

    ``roles_of_verbs`` tell which role a notification of the plan is sent by.
    """
    by_role: dict[str, list[Grant]] = {
        role: [*_grants(plan, place, role, permissions), *publishing(plan, role, roles_of_verbs)]
        for role in ROLES
    }
    roles = {role: policy(grants) for role, grants in by_role.items() if grants}
    assumed: dict[str, list[Grant]] = {}
    for restore in plan.restores.values():
        if restore.target.assume_role is not None:
            part = _part(plan, place, restore)
            assumed.setdefault(restore.target.assume_role.role_arn, []).extend(_at_target(part, permissions))
    return Policies(
        plan.name,
        place,
        roles,
        {arn: policy(grants) for arn, grants in assumed.items()},
        dict(_bucket_policies(plan, place, by_role, assumed)),
        tuple(notes_of(plan, place)),
    )


def _grants(plan: Plan, place: PlaceOfPlan, role: Role, permissions: Sequence[Permission]) -> Iterator[Grant]:
    for part in _parts(plan, place, role):
        away = part.restore is not None and part.restore.target.assume_role is not None
        for permission in _needed(part, role, permissions):
            if away and permission.on in _AT_THE_TARGET:
                continue
            yield from _of(part, permission)
        if away and part.restore is not None and part.restore.target.assume_role is not None:
            yield Grant("sts:AssumeRole", part.restore.target.assume_role.role_arn)


def _parts(plan: Plan, place: PlaceOfPlan, role: Role) -> Iterator[Part]:
    """Each with a plan that holds nothing else, so that a permission's condition is asked of this part alone."""
    if role != "restore":
        for entry in plan.tables:
            alone = replace(
                plan,
                tables=(entry,),
                restores={},
                destinations={entry.destination: plan.destinations[entry.destination]},
            )
            yield Part(alone, place, entry=entry)
    if role in ("restore", "read"):
        for restore in plan.restores.values():
            yield _part(plan, place, restore)


def _part(plan: Plan, place: PlaceOfPlan, restore: Restore) -> Part:
    whole = Part(plan, place, restore=restore)
    used = whole.destination
    alone = replace(
        plan,
        tables=(),
        restores={restore.name: restore},
        destinations={used.name: used} if used is not None else {},
    )
    return Part(alone, place, restore=restore)


def _needed(part: Part, role: Role, permissions: Sequence[Permission]) -> Iterator[Permission]:
    return (each for each in permissions if role in each.roles and each.needed_by(part.plan))


def _of(part: Part, permission: Permission) -> Iterator[Grant]:
    for resource in part.resources(permission.on):
        yield Grant(permission.action, resource.arn, resource.condition)


def _at_target(part: Part, permissions: Sequence[Permission]) -> Iterator[Grant]:
    """What the role at a target needs: the target, and for imports, which it starts, the data too."""
    for permission in (*_needed(part, "restore", permissions), *_needed(part, "read", permissions)):
        if permission.on in _AT_THE_TARGET or (permission.for_aws and _loads_by_itself(part, permission)):
            yield from _of(part, permission)


def _loads_by_itself(part: Part, permission: Permission) -> bool:
    """Whether AWS reads the data as whoever starts a job, and this restore may start one."""
    jobs = ("import", "bulk-put", "auto")
    return part.restore is not None and part.restore.method in jobs and "restore" in permission.roles


def _bucket_policies(
    plan: Plan,
    place: PlaceOfPlan,
    by_role: Mapping[str, list[Grant]],
    assumed: Mapping[str, Iterable[Grant]],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A bucket of another account has to allow the caller itself; and any bucket the roles of other accounts."""
    ours = (
        plan.aws.assume_role.role_arn
        if plan.aws.assume_role
        else str(Arn(place.partition, "iam", "", place.account, "root"))
    )
    for bucket, owner in _buckets(plan):
        of_bucket = str(S3Location(bucket).arn(place.partition))
        principals: dict[str, list[Grant]] = {}
        if owner not in (None, place.account):
            principals[ours] = [grant for grants in by_role.values() for grant in grants]
        for role_arn, grants in assumed.items():
            if Arn.parse(role_arn).account != (owner or place.account):
                principals[role_arn] = list(grants)
        statements = [
            {"Effect": "Allow", "Principal": {"AWS": principal}, **rest}
            for principal, grants in principals.items()
            for each in policy(_inside(grants, of_bucket))["Statement"]
            for rest in [{name: value for name, value in each.items() if name != "Effect"}]
        ]
        if statements:
            yield bucket, {"Version": "2012-10-17", "Statement": statements}


def _buckets(plan: Plan) -> Iterator[tuple[str, str | None]]:
    seen: dict[str, str | None] = {}
    for destination in plan.destinations.values():
        seen.setdefault(destination.bucket, destination.bucket_owner)
    return iter(seen.items())


def _inside(grants: Iterable[Grant], bucket_arn: str) -> Iterator[Grant]:
    return (each for each in grants if each.arn == bucket_arn or each.arn.startswith(f"{bucket_arn}/"))
