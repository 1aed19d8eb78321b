"""Auto scaling of a provisioned table and its indexes: what DescribeTable cannot see at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from ddbbackup.ports import Cloud, Members, TableFacts
from ddbbackup.settings.setting import ApplyInputs, Change, Setting, Skipped, index_names
from ddbbackup.steps.aws_caller import AwsCaller

# Kinds, in the order in which they are put back: a policy needs its target.
_TARGETS, _POLICIES, _ACTIONS = "targets", "policies", "actions"
_NAME: Final = {_TARGETS: None, _POLICIES: "PolicyName", _ACTIONS: "ScheduledActionName"}
_PARTS: Final = {
    _TARGETS: ("MinCapacity", "MaxCapacity", "SuspendedState"),
    _POLICIES: (
        "PolicyType",
        "StepScalingPolicyConfiguration",
        "TargetTrackingScalingPolicyConfiguration",
        "PredictiveScalingPolicyConfiguration",
    ),
    _ACTIONS: ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction"),
}


class AutoScaling(Setting):
    name = "auto-scaling"
    title = "auto scaling"
    phase = "after the data"
    has_own_api = True
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
    limitations = "the target is on demand: it has no capacity to scale"

    async def read(self, ask: AwsCaller, table: TableFacts) -> Any:
        resources = [f"table/{table.name}"]
        resources += [f"table/{table.name}/index/{index}" for index in index_names(table.description)]
        targets = await ask("DescribeScalableTargets", lambda cloud: cloud.scaling.targets(resources))
        found: dict[str, list[Any]] = {_TARGETS: list(targets), _POLICIES: [], _ACTIONS: []}
        for resource in sorted({target["ResourceId"] for target in targets}):
            policies = await ask("DescribeScalingPolicies", partial(_policies, resource))
            actions = await ask("DescribeScheduledActions", partial(_actions, resource))
            found[_POLICIES] += [each for each in policies if each["ResourceId"] == resource]
            found[_ACTIONS] += [each for each in actions if each["ResourceId"] == resource]
        return found if targets else None

    def normalize(self, answer: Any) -> Any:
        """By kind, then by place, dimension and name."""
        if not answer:
            return None
        return {
            kind: {_key(kind, each): _members(kind, each) for each in answer.get(kind) or ()}
            for kind in _PARTS
        }

    def desired(self, value: Any, inputs: ApplyInputs) -> Any:
        billing = (inputs.target.description.get("BillingModeSummary") or {}).get("BillingMode")
        if billing == "PAY_PER_REQUEST":
            raise Skipped("the target is on demand: it has no capacity to scale")
        source, target = inputs.move.source.table_name, inputs.move.target.table_name
        return {kind: dict(_moved(each, source, target) for each in value[kind].items()) for kind in _PARTS}

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        for kind, (operation, put) in _CALLS.items():
            has = (existing or {}).get(kind, {})
            for key, wish in desired[kind].items():
                if has.get(key) != wish:
                    yield Change(f"{kind} {key}", operation, partial(put, wish))


def _policies(resource: str, cloud: Cloud) -> Sequence[Members]:
    return cloud.scaling.policies(resource)


def _actions(resource: str, cloud: Cloud) -> Sequence[Members]:
    return cloud.scaling.actions(resource)


def _register(target: Members, cloud: Cloud) -> None:
    cloud.scaling.register(target)


def _put_policy(policy: Members, cloud: Cloud) -> None:
    cloud.scaling.put_policy(policy)


def _put_action(action: Members, cloud: Cloud) -> None:
    cloud.scaling.put_action(action)


_CALLS: Final = {
    _TARGETS: ("RegisterScalableTarget", _register),
    _POLICIES: ("PutScalingPolicy", _put_policy),
    _ACTIONS: ("PutScheduledAction", _put_action),
}


def _key(kind: str, each: Mapping[str, Any]) -> str:
    name = _NAME[kind]
    return " ".join([each["ResourceId"], each["ScalableDimension"], *([each[name]] if name else [])])


def _members(kind: str, each: Mapping[str, Any]) -> dict[str, Any]:
    """The members that the call takes which puts it; AWS chooses the role (botocore's model: RoleARN)."""
    named = ("ResourceId", "ScalableDimension", *([_NAME[kind]] if _NAME[kind] else []))
    found = {name: each[name] for name in (*named, *_PARTS[kind]) if name and each.get(name) is not None}
    if not any((found.get("SuspendedState") or {}).values()):
        found.pop("SuspendedState", None)
    return found


def _moved(pair: tuple[str, Any], source: str, target: str) -> tuple[str, Any]:
    """Resource ids, the names that consoles make of them, and metrics that name the table."""
    _, wish = pair
    there = _renamed(wish, source, target)
    kind = next((k for k, name in _NAME.items() if name and name in there), _TARGETS)
    return _key(kind, there), there


def _renamed(value: Any, source: str, target: str) -> Any:
    if isinstance(value, list):
        return [_renamed(each, source, target) for each in value]
    if isinstance(value, dict):
        if value.get("Name") == "TableName" and value.get("Value") == source:
            return {**value, "Value": target}
        return {name: _renamed(each, source, target) for name, each in value.items()}
    if isinstance(value, str) and f"table/{source}" in value:
        head, _, tail = value.partition(f"table/{source}")
        return f"{head}table/{target}{tail}" if not tail or tail.startswith("/") else value
    return value
