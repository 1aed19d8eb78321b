"""The IAM policies of a plan: of each role, of each role that a restore assumes, and of buckets in other accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ddbbackup.iam.breadth import EXACT, Breadth, broader
from ddbbackup.iam.notes import notes_of, notes_on_breadth, notes_on_trust
from ddbbackup.iam.resources import PlaceOfPlan, Scope
from ddbbackup.iam.sizes import BUCKET_POLICY_BYTES, characters, split
from ddbbackup.iam.statements import Grant, Policy, Statement, numbered, statements_of
from ddbbackup.iam.topics import publishing
from ddbbackup.iam.trust import Trust, trust_policy
from ddbbackup.model.arn import Arn
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Plan, Restore
from ddbbackup.steps.permissions import Permission, RoleName

ROLES: Final[tuple[RoleName, ...]] = ("backup", "restore", "verify", "prune", "read")
MOST_POLICIES: Final = 3
"""Of one role (docs/decisions/0018)."""
_AT_THE_TARGET: Final = (
    "target",
    "target-everything",
    "target-index",
    "target-stream",
    "target-key",
    "target-key-use",
    "replica",
    "replica-key-use",
    "kinesis-stream",
    "scaling-alarm",
    "scaling-role",
    "replication-role",
    "kinesis-role",
    "insights-role",
    "import",
    "import-log",
)


@dataclass(frozen=True, slots=True)
class RolePolicies:
    """The policies to attach to a role, and who may assume it if that was requested."""

    policies: tuple[Policy, ...]
    trust: Policy | None = None


@dataclass(frozen=True, slots=True)
class Policies:
    """Policies of roles by name (only roles that the plan needs), of assumed roles by ARN, and of buckets.

    ``notes`` are sentences about what the policies do not cover, or cover besides.
    """

    plan: str
    place: PlaceOfPlan
    roles: Mapping[str, RolePolicies]
    assumed_roles: Mapping[str, tuple[Policy, ...]]
    buckets: Mapping[str, Policy]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Work:
    """One table entry or one restore, and the permissions that a role needs for it."""

    scope: Scope
    permissions: tuple[Permission, ...]

    def grants(self, breadth: Breadth) -> Iterator[Grant]:
        scope = replace(self.scope, breadth=breadth)
        resources = {on: scope.resources(on) for on in {each.on for each in self.permissions}}
        for permission in self.permissions:
            for resource in resources[permission.on]:
                yield Grant(permission.action, resource.arn, permission.on, resource.condition)


@dataclass(frozen=True, slots=True)
class _Grants:
    """The grants of roles, more or less broad.

    ``permissions`` are all that the program declares. ``roles_of_verbs`` returns the role that runs a verb, and so
    sends its notifications.
    """

    plan: Plan
    place: PlaceOfPlan
    permissions: Sequence[Permission]
    roles_of_verbs: Mapping[str, RoleName]

    def of_role(self, role: RoleName) -> Callable[[Breadth], list[Grant]]:
        """A role that a restore assumes has the permissions on the target itself."""
        work = list(self._work(role))
        assumed = [_assumed_role(each.scope) for each in work]
        fixed = [
            *(Grant("sts:AssumeRole", arn, "role") for arn in assumed if arn is not None),
            *publishing(self.plan, role, self.roles_of_verbs),
        ]
        return lambda breadth: [*(grant for each in work for grant in each.grants(breadth)), *fixed]

    def of_assumed_role(self, role_arn: str) -> Callable[[Breadth], list[Grant]]:
        """On the target, and on the data if a job of the role reads it."""
        work = [
            _Work(scope, tuple(_at_target(scope, self.permissions)))
            for scope in self._restore_scopes()
            if _assumed_role(scope) == role_arn
        ]
        return lambda breadth: [grant for each in work for grant in each.grants(breadth)]

    def assumed_roles(self) -> list[str]:
        assumed = map(_assumed_role, self._restore_scopes())
        return list(dict.fromkeys(arn for arn in assumed if arn is not None))

    def table_names(self, role: RoleName) -> set[str]:
        """Of tables and targets, as the policies would name them exactly."""
        scopes = list(self._scopes(role))
        targets = {each.target_pattern for each in scopes if each.restore is not None}
        return {each.source_pattern for each in scopes} | targets

    def _work(self, role: RoleName) -> Iterator[_Work]:
        for scope in self._scopes(role):
            needed = _needed(scope, role, self.permissions)
            if _assumed_role(scope) is not None:
                needed = (each for each in needed if each.on not in _AT_THE_TARGET)
            yield _Work(scope, tuple(needed))

    def _scopes(self, role: RoleName) -> Iterator[Scope]:
        """One scope for each table entry and each restore that the role works on."""
        if role != "restore":
            for entry in self.plan.tables:
                only = replace(
                    self.plan,
                    tables=(entry,),
                    restores={},
                    destinations={entry.destination: self.plan.destinations[entry.destination]},
                )
                yield Scope(only, self.place, entry=entry)
        if role in ("restore", "read"):
            yield from self._restore_scopes()

    def _restore_scopes(self) -> Iterator[Scope]:
        """One for each restore; a restore of many tables may find them in any destination."""
        for restore in self.plan.restores.values():
            if restore.selector is None or not self.plan.destinations:
                yield self._restore_scope(restore)
            else:
                for name in self.plan.destinations:
                    yield self._restore_scope(replace(restore, destination=name))

    def _restore_scope(self, restore: Restore) -> Scope:
        destination = Scope(self.plan, self.place, restore=restore).destination
        only = replace(
            self.plan,
            tables=(),
            restores={restore.name: restore},
            destinations={destination.name: destination} if destination is not None else {},
        )
        return Scope(only, self.place, restore=restore)


def policies_of(
    plan: Plan,
    place: PlaceOfPlan,
    permissions: Sequence[Permission],
    roles_of_verbs: Mapping[str, RoleName],
    trusts: Sequence[Trust] = (),
) -> Policies:
    """The least policies for a plan, see ``_Grants``; ``trusts`` may assume the roles."""
    grants = _Grants(plan, place, permissions, roles_of_verbs)
    roles: dict[str, RolePolicies] = {}
    notes = list(notes_of(plan, place, trusts))
    for role in ROLES:
        found, breadth = _small_enough(grants.of_role(role), grants.table_names(role))
        if found:
            trust = trust_policy(trusts, role, place) if trusts else None
            roles[role] = RolePolicies(tuple(found), trust)
            notes += notes_on_trust(role, trust)
            notes += notes_on_breadth(f"the role {role}", breadth)
    assumed: dict[str, tuple[Policy, ...]] = {}
    for arn in grants.assumed_roles():
        found, breadth = _small_enough(grants.of_assumed_role(arn), grants.table_names("restore"))
        assumed[arn] = tuple(found)
        notes += notes_on_breadth(arn, breadth)
    return Policies(plan.name, place, roles, assumed, dict(_bucket_policies(grants)), tuple(notes))


def _small_enough(
    grants: Callable[[Breadth], list[Grant]], names: Iterable[str]
) -> tuple[list[Policy], Breadth]:
    """Exact names if they need few policies; else the narrowest patterns that need one."""
    breadth = EXACT
    policies = split(statements_of(grants(EXACT)))
    if len(policies) <= MOST_POLICIES:
        return policies, EXACT
    for breadth in broader(names):
        policies = split(statements_of(grants(breadth)))
        if len(policies) <= (1 if breadth.patterns else MOST_POLICIES):
            break
    return policies, breadth


def _needed(scope: Scope, role: RoleName, permissions: Sequence[Permission]) -> Iterator[Permission]:
    return (each for each in permissions if role in each.roles and each.needed_by(scope.plan))


def _assumed_role(scope: Scope) -> str | None:
    assumed = scope.restore.target.assume_role if scope.restore is not None else None
    return assumed.role_arn if assumed is not None else None


def _at_target(scope: Scope, permissions: Sequence[Permission]) -> Iterator[Permission]:
    for permission in (*_needed(scope, "restore", permissions), *_needed(scope, "read", permissions)):
        reads_data = permission.for_aws and _aws_reads_data(scope, permission)
        if permission.on in _AT_THE_TARGET or reads_data:
            yield permission


def _aws_reads_data(scope: Scope, permission: Permission) -> bool:
    """Whether the restore may start a job in AWS, which reads the data with the permissions of its caller."""
    jobs = ("import", "bulk-put", "auto")
    return scope.restore is not None and scope.restore.method in jobs and "restore" in permission.roles


# ---- bucket policies


def _bucket_policies(grants: _Grants) -> Iterator[tuple[str, Policy]]:
    """Access from another account needs a bucket policy and the policy of the caller (S3 guide: Cross-account)."""
    for bucket, owner in _buckets(grants.plan):
        statements: list[tuple[str, Statement]] = []
        document: Policy = {}
        for breadth in (EXACT, Breadth(every_object=True)):
            statements = list(_bucket_statements(grants, bucket, owner, breadth))
            document = _bucket_policy(statements)
            if characters(document) <= BUCKET_POLICY_BYTES:
                break
        if statements:
            yield bucket, document


def _bucket_statements(
    grants: _Grants, bucket: str, owner: str | None, breadth: Breadth
) -> Iterator[tuple[str, Statement]]:
    """Principals and what they may do in the bucket."""
    plan, place = grants.plan, grants.place
    bucket_arn = str(S3Location(bucket).arn(place.partition))
    principals: dict[str, list[Grant]] = {}
    if owner not in (None, place.account):
        caller = (
            plan.aws.assume_role.role_arn
            if plan.aws.assume_role
            else str(Arn(place.partition, "iam", "", place.account, "root"))
        )
        principals[caller] = [grant for role in ROLES for grant in grants.of_role(role)(breadth)]
    for role_arn in grants.assumed_roles():
        if Arn.parse(role_arn).account != (owner or place.account):
            principals[role_arn] = grants.of_assumed_role(role_arn)(breadth)
    for principal, every in principals.items():
        for statement in statements_of(_within(every, bucket_arn)):
            yield principal, statement


def _bucket_policy(statements: Sequence[tuple[str, Statement]]) -> Policy:
    documents: list[dict[str, Any]] = [
        {"Sid": each.sid, "Effect": "Allow", "Principal": {"AWS": principal}, **each.document}
        for (principal, _), each in zip(statements, numbered(each for _, each in statements), strict=True)
    ]
    return {"Version": "2012-10-17", "Statement": documents}


def _buckets(plan: Plan) -> Iterator[tuple[str, str | None]]:
    """Each bucket once, with its owner."""
    owners: dict[str, str | None] = {}
    for destination in plan.destinations.values():
        owners.setdefault(destination.bucket, destination.bucket_owner)
    return iter(owners.items())


def _within(grants: Iterable[Grant], bucket_arn: str) -> Iterator[Grant]:
    return (each for each in grants if each.arn == bucket_arn or each.arn.startswith(f"{bucket_arn}/"))
