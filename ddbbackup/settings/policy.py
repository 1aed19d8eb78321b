"""Resource policies of the table and of its stream, with the ARNs in them replaced by those of the target."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from ddbbackup.errors import REPORT_BUG, StepFailed
from ddbbackup.model.json_value import Json, JsonObject, get_object, get_text
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.settings.grants import accounts_of_policy, require_allowed
from ddbbackup.settings.relocation import map_texts
from ddbbackup.settings.setting import AnySetting, ApplyInputs, Change, SettingWithApi, refusal
from ddbbackup.steps.aws_caller import AwsCaller


class Policy(SettingWithApi[JsonObject]):
    """Applied last of all: a Deny in the policy may exclude the caller. AWS enforces it seconds to minutes later."""

    name = "policy"
    title = "resource policy"
    phase = "after everything"
    read_actions = ("dynamodb:GetResourcePolicy",)
    write_actions = ("dynamodb:PutResourcePolicy",)
    limitations = (
        "not applied if the target has another policy, if the policy names the old account or region in its "
        "principals or conditions, or if it gives access to accounts that `to.allow` does not list"
    )

    async def read(self, call_aws: AwsCaller, table: TableFacts) -> Json:
        """The JSON text of the policy."""
        return await call_aws("GetResourcePolicy", lambda cloud: cloud.settings.resource_policy(table.arn))

    def normalize(self, response: Json) -> JsonObject | None:
        if not response:
            return None
        if not isinstance(response, str):
            raise StepFailed("unexpected JSON: a resource policy is not a string", hint=REPORT_BUG)
        return _parse(response)

    def desired(self, value: JsonObject, inputs: ApplyInputs) -> JsonObject:
        return _relocated(self, value, inputs)

    def changes(
        self, desired: JsonObject, existing: JsonObject | None, target: TableFacts
    ) -> Iterator[Change]:
        yield from _put(self, desired, existing, target.arn)

    def settled(self, desired: JsonObject, existing: JsonObject | None, target: TableFacts) -> bool:
        """AWS may return a policy in another form than it was written, so any policy counts."""
        return existing is not None


class StreamPolicy(Policy):
    """AWS deletes the policy together with its stream."""

    name = "stream-policy"
    iam_resources = ("stream",)
    title = "resource policy of the stream"
    limitations = "not applied if the target has no stream (restore `stream` too); otherwise as for `policy`"

    async def read(self, call_aws: AwsCaller, table: TableFacts) -> Json:
        stream = get_text(table.description, "LatestStreamArn")
        if stream is None or not get_object(table.description, "StreamSpecification").get("StreamEnabled"):
            return None
        return await call_aws("GetResourcePolicy", lambda cloud: cloud.settings.resource_policy(stream))

    def desired(self, value: JsonObject, inputs: ApplyInputs) -> JsonObject:
        recorded = get_text(inputs.recorded.description, "LatestStreamArn")
        current = get_text(inputs.target.description, "LatestStreamArn")
        if current is None:
            if "stream" not in inputs.requested:
                raise refusal(self, "the target has no stream", "list `stream` in `to.settings` too")
            current = str(inputs.relocation.target.below("stream", "new"))
        if recorded is not None:
            value = map_texts(value, lambda text: text.replace(recorded, current))
        return _relocated(self, value, inputs)

    def changes(
        self, desired: JsonObject, existing: JsonObject | None, target: TableFacts
    ) -> Iterator[Change]:
        stream = get_text(target.description, "LatestStreamArn")
        if stream is not None:
            yield from _put(self, desired, existing, stream)
        else:  # for `preview`: the run will have enabled the stream before
            yield Change("policy", "PutResourcePolicy", self._without_stream)

    def _without_stream(self, cloud: Cloud) -> None:
        raise refusal(
            self, "the target has no stream", "fix the cause given for `stream`, then run the restore again"
        )


def _parse(policy: str) -> JsonObject:
    """A policy that is not a JSON object still differs from every other one."""
    try:
        document: Json = json.loads(policy)
    except ValueError:
        document = None
    return document if isinstance(document, Mapping) else {"unreadable": policy}


def _put(setting: AnySetting, desired: JsonObject, existing: JsonObject | None, arn: str) -> Iterator[Change]:
    if existing is None:
        text = json.dumps(desired, separators=(",", ":"), ensure_ascii=False)
        yield Change(
            "policy", "PutResourcePolicy", lambda cloud: cloud.settings.put_resource_policy(arn, text)
        )
    elif existing != desired:
        raise refusal(
            setting,
            "the target has another policy",
            "compare the policy of the target with the recorded one, and put the right one yourself",
        )


def _relocated(setting: AnySetting, policy: JsonObject, inputs: ApplyInputs) -> JsonObject:
    """The policy for the target.

    Raises ``Refused`` if principals or conditions name the old account or region, or if it gives access to an account
    that the restore does not allow.
    """
    relocation = inputs.relocation
    relocated = relocation.rewrite(policy)
    text = json.dumps(_without_resources(relocated))
    for place, old, is_same in (
        ("account", relocation.source.account, relocation.same_account),
        ("region", relocation.source.region, relocation.same_region),
    ):
        if not is_same and old in text:
            raise refusal(
                setting,
                f"it names {place} {old} in its principals or conditions",
                f"write the policy for the new {place} yourself; the recorded one is in the record of the backup",
            )
    require_allowed(setting, accounts_of_policy(relocated), inputs)
    return relocated


def _without_resources(policy: JsonObject) -> Json:
    statements = policy.get("Statement") or []
    listed = (
        statements if isinstance(statements, Sequence) and not isinstance(statements, str) else [statements]
    )
    return [
        {name: value for name, value in each.items() if name != "Resource"}
        if isinstance(each, Mapping)
        else each
        for each in listed
    ]
