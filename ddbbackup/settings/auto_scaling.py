"""Application Auto Scaling of a provisioned table and its indexes, which DescribeTable does not return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from ddbbackup.model.json_value import Json, JsonObject, as_object, get_object, get_objects, require_text
from ddbbackup.model.table_description import billing_mode, index_names
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.settings.setting import (
    ApplyInputs,
    Change,
    SettingWithApi,
    Skipped,
)
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.retry import EVENTUALLY_VISIBLE

ByKey = Mapping[str, JsonObject]
"""Inputs of the operation that registers or puts one, by resource, dimension and name."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of objects of Application Auto Scaling.

    ``name`` is its key in a response of ``AutoScaling.read``, ``name_member`` the member that tells objects of one
    resource apart, ``members`` those that ``operation`` accepts besides (botocore's model). AWS chooses the RoleARN.
    """

    name: str
    name_member: str | None
    members: tuple[str, ...]
    operation: str
    put: Callable[[Cloud, JsonObject], None]


_SUSPENDED: Final = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
# In the order in which they are put: a policy and a scheduled action need a scalable target.
_KINDS: Final = (
    _Kind(
        "targets",
        None,
        ("MinCapacity", "MaxCapacity", "SuspendedState"),
        "RegisterScalableTarget",
        lambda cloud, target: cloud.scaling.register(target),
    ),
    _Kind(
        "policies",
        "PolicyName",
        (
            "PolicyType",
            "StepScalingPolicyConfiguration",
            "TargetTrackingScalingPolicyConfiguration",
            "PredictiveScalingPolicyConfiguration",
        ),
        "PutScalingPolicy",
        lambda cloud, policy: cloud.scaling.put_policy(policy),
    ),
    _Kind(
        "actions",
        "ScheduledActionName",
        ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction"),
        "PutScheduledAction",
        lambda cloud, action: cloud.scaling.put_action(action),
    ),
)


class AutoScaling(SettingWithApi[Mapping[str, ByKey]]):
    """The normal form holds the objects of each kind."""

    name = "auto-scaling"
    title = "auto scaling"
    phase = "after the data"
    read_actions = (
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:DescribeScheduledActions",
    )
    write_actions = (
        "application-autoscaling:RegisterScalableTarget",
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:PutScheduledAction",
    )
    # Application Auto Scaling guide: Identity-based policy examples, target services and CloudWatch.
    actions_by_aws = (
        ("dynamodb:DescribeTable", "target"),
        ("dynamodb:UpdateTable", "target"),
        ("cloudwatch:PutMetricAlarm", "scaling-alarm"),
        ("cloudwatch:DescribeAlarms", "target-everything"),
        ("cloudwatch:DeleteAlarms", "scaling-alarm"),
        ("iam:CreateServiceLinkedRole", "scaling-role"),
    )
    limitations = "not applied to an on-demand target, which has no capacity to scale"

    async def read(self, call_aws: AwsCaller, table: TableFacts) -> Json:
        resources = [f"table/{table.name}"]
        resources += [f"table/{table.name}/index/{index}" for index in index_names(table.description)]
        targets = await call_aws("DescribeScalableTargets", lambda cloud: cloud.scaling.targets(resources))
        policies: list[JsonObject] = []
        actions: list[JsonObject] = []
        for resource in sorted({require_text(target, "ResourceId") for target in targets}):
            policies += _of(resource, await call_aws("DescribeScalingPolicies", partial(_policies, resource)))
            actions += _of(resource, await call_aws("DescribeScheduledActions", partial(_actions, resource)))
        return {"targets": list(targets), "policies": policies, "actions": actions} if targets else None

    def normalize(self, response: Json) -> Mapping[str, ByKey] | None:
        if not response:
            return None
        objects = as_object(response)
        return {
            kind.name: {_key(kind, each): _input(kind, each) for each in get_objects(objects, kind.name)}
            for kind in _KINDS
        }

    def desired(self, value: Mapping[str, ByKey], inputs: ApplyInputs) -> Mapping[str, ByKey]:
        if billing_mode(inputs.target.description) == "PAY_PER_REQUEST":
            raise Skipped("the target is on demand: it has no capacity to scale")
        source, target = inputs.relocation.source.table_name, inputs.relocation.target.table_name
        renamed = {
            kind: [_rename_object(each, source, target) for each in value[kind.name].values()]
            for kind in _KINDS
        }
        return {kind.name: {_key(kind, each): each for each in objects} for kind, objects in renamed.items()}

    def changes(
        self, desired: Mapping[str, ByKey], existing: Mapping[str, ByKey] | None, target: TableFacts
    ) -> Iterator[Change]:
        for kind in _KINDS:
            current = (existing or {}).get(kind.name, {})
            for key, wanted in desired[kind.name].items():
                if current.get(key) != wanted:
                    put = partial(_put, kind, wanted)
                    yield Change(f"{kind.name} {key}", kind.operation, put, EVENTUALLY_VISIBLE)


def _policies(resource: str, cloud: Cloud) -> Sequence[JsonObject]:
    return cloud.scaling.policies(resource)


def _actions(resource: str, cloud: Cloud) -> Sequence[JsonObject]:
    return cloud.scaling.actions(resource)


def _of(resource: str, objects: Sequence[JsonObject]) -> list[JsonObject]:
    return [each for each in objects if require_text(each, "ResourceId") == resource]


def _put(kind: _Kind, wanted: JsonObject, cloud: Cloud) -> None:
    kind.put(cloud, wanted)


def _key(kind: _Kind, each: JsonObject) -> str:
    return " ".join(require_text(each, member) for member in _identity(kind))


def _identity(kind: _Kind) -> tuple[str, ...]:
    names = (kind.name_member,) if kind.name_member else ()
    return ("ResourceId", "ScalableDimension", *names)


def _input(kind: _Kind, each: JsonObject) -> JsonObject:
    members = (*_identity(kind), *kind.members)
    found = {member: each[member] for member in members if each.get(member) is not None}
    if "SuspendedState" in kind.members:
        found["SuspendedState"] = _suspended(each)
    return found


def _suspended(target: JsonObject) -> JsonObject:
    """All members, also those that are false: AWS keeps what a registration does not name (botocore's model).

    Targets survive DeleteTable (observed on AWS), so the target of a restored table may be a suspended one.
    """
    state = get_object(target, "SuspendedState")
    return {member: bool(state.get(member)) for member in _SUSPENDED}


def _rename_object(value: JsonObject, source: str, target: str) -> JsonObject:
    """The object for the target: resource ids, the names that the console makes of them, and metrics of the table."""
    if value.get("Name") == "TableName" and value.get("Value") == source:
        return {**value, "Value": target}
    return {name: _rename(member, source, target) for name, member in value.items()}


def _rename(value: Json, source: str, target: str) -> Json:
    if isinstance(value, str):
        head, table, tail = value.partition(f"table/{source}")
        is_table = table and (not tail or tail.startswith("/"))
        return f"{head}table/{target}{tail}" if is_table else value
    if isinstance(value, Mapping):
        return _rename_object(value, source, target)
    if isinstance(value, Sequence):
        return [_rename(each, source, target) for each in value]
    return value
