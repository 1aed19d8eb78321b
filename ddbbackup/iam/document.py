"""The IAM policies of a plan: of each role, of each role that a restore assumes, and of buckets in other accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ddbbackup.iam.notes import notes_of
from ddbbackup.iam.resources import PlaceOfPlan, Scope
from ddbbackup.iam.statements import Grant, policy
from ddbbackup.iam.topics import publishing
from ddbbackup.model.arn import Arn
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Plan, Restore
from ddbbackup.steps.permissions import Permission, RoleName

ROLES: Final[tuple[RoleName, ...]] = ("backup", "restore", "verify", "read")
_AT_THE_TARGET: Final = ("target", "target-index", "target-stream", "import", "import-log")


@dataclass(frozen=True, slots=True)
class Policies:
    """Policy documents of roles by name (only roles that the plan needs), of assumed roles by ARN, and of buckets.

    ``notes`` are sentences about what the policies do not cover.
    """

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
    roles_of_verbs: Mapping[str, RoleName],
) -> Policies:
    """The least policies for a plan.

    ``permissions`` are all that the program declares. ``roles_of_verbs`` returns the role that runs a verb, and so
    sends its notifications.
    """
    by_role: dict[str, list[Grant]] = {
        role: [*_grants(plan, place, role, permissions), *publishing(plan, role, roles_of_verbs)]
        for role in ROLES
    }
    roles = {role: policy(grants) for role, grants in by_role.items() if grants}
    assumed: dict[str, list[Grant]] = {}
    for restore in plan.restores.values():
        if restore.target.assume_role is not None:
            scope = _restore_scope(plan, place, restore)
            assumed.setdefault(restore.target.assume_role.role_arn, []).extend(_at_target(scope, permissions))
    return Policies(
        plan.name,
        place,
        roles,
        {arn: policy(grants) for arn, grants in assumed.items()},
        dict(_bucket_policies(plan, place, by_role, assumed)),
        tuple(notes_of(plan, place)),
    )


def _grants(
    plan: Plan, place: PlaceOfPlan, role: RoleName, permissions: Sequence[Permission]
) -> Iterator[Grant]:
    """The grants of one role. A role that a restore assumes has the permissions on the target itself."""
    for scope in _scopes(plan, place, role):
        assumed = scope.restore.target.assume_role if scope.restore is not None else None
        for permission in _needed(scope, role, permissions):
            if assumed is None or permission.on not in _AT_THE_TARGET:
                yield from _grants_of(scope, permission)
        if assumed is not None:
            yield Grant("sts:AssumeRole", assumed.role_arn)


def _scopes(plan: Plan, place: PlaceOfPlan, role: RoleName) -> Iterator[Scope]:
    """One scope for each table entry and each restore that the role works on."""
    if role != "restore":
        for entry in plan.tables:
            only = replace(
                plan,
                tables=(entry,),
                restores={},
                destinations={entry.destination: plan.destinations[entry.destination]},
            )
            yield Scope(only, place, entry=entry)
    if role in ("restore", "read"):
        for restore in plan.restores.values():
            yield _restore_scope(plan, place, restore)


def _restore_scope(plan: Plan, place: PlaceOfPlan, restore: Restore) -> Scope:
    destination = Scope(plan, place, restore=restore).destination
    only = replace(
        plan,
        tables=(),
        restores={restore.name: restore},
        destinations={destination.name: destination} if destination is not None else {},
    )
    return Scope(only, place, restore=restore)


def _needed(scope: Scope, role: RoleName, permissions: Sequence[Permission]) -> Iterator[Permission]:
    return (each for each in permissions if role in each.roles and each.needed_by(scope.plan))


def _grants_of(scope: Scope, permission: Permission) -> Iterator[Grant]:
    for resource in scope.resources(permission.on):
        yield Grant(permission.action, resource.arn, resource.condition)


def _at_target(scope: Scope, permissions: Sequence[Permission]) -> Iterator[Grant]:
    """Grants of the role that a restore assumes: on the target, and on the data if a job of the role reads it."""
    for permission in (*_needed(scope, "restore", permissions), *_needed(scope, "read", permissions)):
        if permission.on in _AT_THE_TARGET or (permission.for_aws and _aws_reads_data(scope, permission)):
            yield from _grants_of(scope, permission)


def _aws_reads_data(scope: Scope, permission: Permission) -> bool:
    """Whether the restore may start a job in AWS, which reads the data with the permissions of its caller."""
    jobs = ("import", "bulk-put", "auto")
    return scope.restore is not None and scope.restore.method in jobs and "restore" in permission.roles


def _bucket_policies(
    plan: Plan,
    place: PlaceOfPlan,
    by_role: Mapping[str, list[Grant]],
    assumed: Mapping[str, Iterable[Grant]],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Access from another account needs a bucket policy and the policy of the caller (S3 guide: Cross-account)."""
    caller = (
        plan.aws.assume_role.role_arn
        if plan.aws.assume_role
        else str(Arn(place.partition, "iam", "", place.account, "root"))
    )
    for bucket, owner in _buckets(plan):
        bucket_arn = str(S3Location(bucket).arn(place.partition))
        principals: dict[str, list[Grant]] = {}
        if owner not in (None, place.account):
            principals[caller] = [grant for grants in by_role.values() for grant in grants]
        for role_arn, grants in assumed.items():
            if Arn.parse(role_arn).account != (owner or place.account):
                principals[role_arn] = list(grants)
        statements = [
            {"Effect": "Allow", "Principal": {"AWS": principal}, **rest}
            for principal, grants in principals.items()
            for each in policy(_within(grants, bucket_arn))["Statement"]
            for rest in [{name: value for name, value in each.items() if name != "Effect"}]
        ]
        if statements:
            yield bucket, {"Version": "2012-10-17", "Statement": statements}


def _buckets(plan: Plan) -> Iterator[tuple[str, str | None]]:
    """Each bucket once, with its owner."""
    owners: dict[str, str | None] = {}
    for destination in plan.destinations.values():
        owners.setdefault(destination.bucket, destination.bucket_owner)
    return iter(owners.items())


def _within(grants: Iterable[Grant], bucket_arn: str) -> Iterator[Grant]:
    return (each for each in grants if each.arn == bucket_arn or each.arn.startswith(f"{bucket_arn}/"))
