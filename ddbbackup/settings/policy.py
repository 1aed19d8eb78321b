"""Resource policies of the table and of its stream, with the ARNs in them made those of the target."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.settings.relocation import Relocation
from ddbbackup.settings.setting import ApplyInputs, Change, Setting, refuse
from ddbbackup.steps.aws_caller import AwsCaller


class Policy(Setting):
    """After what else is changed: a Deny in it may shut ddbbackup out. AWS refuses one that shuts out its owner."""

    name = "policy"
    title = "resource policy"
    phase = "after the data"
    has_own_api = True
    read_actions = ("dynamodb:GetResourcePolicy",)
    write_actions = ("dynamodb:PutResourcePolicy",)
    limitations = (
        "the target has another policy, or is in another account or region and the policy names principals or "
        "conditions of the old one"
    )

    async def read(self, ask: AwsCaller, table: TableFacts) -> Any:
        return await ask("GetResourcePolicy", lambda cloud: cloud.settings.resource_policy(table.arn))

    def normalize(self, answer: Any) -> Any:
        if not answer:
            return None
        try:
            return json.loads(answer)
        except ValueError:
            return {"unreadable": answer}

    def desired(self, value: Any, inputs: ApplyInputs) -> Any:
        return _moved(self, value, inputs.move)

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        yield from _put(self, desired, existing, target.arn)

    def settled(self, desired: Any, existing: Any, target: TableFacts) -> bool:
        """AWS may spell a policy otherwise than it was put: that there is one now is what can be said."""
        return existing is not None


class StreamPolicy(Policy):
    name = "stream-policy"
    parts = ("stream",)
    title = "resource policy of the stream"
    limitations = "the target has no stream (put `stream` back too), or what stands at `policy`"

    async def read(self, ask: AwsCaller, table: TableFacts) -> Any:
        """A policy belongs to one stream, and goes with it."""
        stream = table.description.get("LatestStreamArn")
        if stream is None or not (table.description.get("StreamSpecification") or {}).get("StreamEnabled"):
            return None
        return await ask("GetResourcePolicy", lambda cloud: cloud.settings.resource_policy(stream))

    def desired(self, value: Any, inputs: ApplyInputs) -> Any:
        old = str(inputs.recorded.description.get("LatestStreamArn"))
        new = inputs.target.description.get("LatestStreamArn")
        if new is None:
            if "stream" not in inputs.asked:
                raise refuse(self, "the target has no stream", "name `stream` in `to.settings` too")
            new = str(inputs.move.target.below("stream", "new"))
        there = json.loads(json.dumps(value).replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1]))
        return _moved(self, there, inputs.move)

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        stream = target.description.get("LatestStreamArn")
        if stream is not None:
            yield from _put(self, desired, existing, stream)
        else:  # to be made by a run that puts the stream back before
            yield Change("policy", "PutResourcePolicy", self._without_stream)

    def _without_stream(self, cloud: Cloud) -> None:
        raise refuse(self, "the target has no stream", "mend what is said of `stream`, then run again")


def _put(setting: Setting, desired: Any, existing: Any, arn: str) -> Iterator[Change]:
    if existing is None:
        text = json.dumps(desired, separators=(",", ":"), ensure_ascii=False)
        yield Change(
            "policy", "PutResourcePolicy", lambda cloud: cloud.settings.put_resource_policy(arn, text)
        )
    elif existing != desired:
        hint = "compare the two (the old one is in the record), and put the one that is right"
        raise refuse(setting, "the target has a policy that says something else", hint)


def _moved(setting: Setting, policy: Any, move: Relocation) -> Any:
    """The policy for the target. Raises ``Refused`` if it says something about the old place that cannot move."""
    there = move.rewrite(policy)
    for place, gone in (("account", move.source.account), ("region", move.source.region)):
        stays = move.same_account if place == "account" else move.same_region
        if not stays and gone in json.dumps(_without_resources(there)):
            hint = f"write the policy for the new {place} yourself; the old one is in the record"
            raise refuse(setting, f"it names {place} {gone} in its principals or conditions", hint)
    return there


def _without_resources(policy: Any) -> Any:
    if not isinstance(policy, dict):
        return policy
    statements = policy.get("Statement") or []
    listed = statements if isinstance(statements, list) else [statements]
    return [{k: v for k, v in s.items() if k != "Resource"} if isinstance(s, dict) else s for s in listed]
