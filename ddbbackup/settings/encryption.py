"""Encryption at rest by a key that is not AWS's own: a customer's KMS key, or aws/dynamodb."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ddbbackup.catalog.observed_setting import ABSENT, NOT_READ, ObservedSetting
from ddbbackup.errors import Refused
from ddbbackup.model.arn import Arn
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import (
    ApplyInputs,
    Change,
    Setting,
    SettingsSnapshot,
    refuse,
    update_table,
)
from ddbbackup.steps.aws_caller import AwsCaller

_OWN: Final = "aws/dynamodb"  # the key that AWS manages for DynamoDB in each account and region


class Encryption(Setting):
    """DescribeTable shows the ARN of whatever key it is; only KMS knows whether that key is aws/dynamodb."""

    name = "encryption"
    title = "encryption"
    phase = "creation"
    default_policy = "by default"
    describe_fields = frozenset({"SSEDescription"})
    has_own_api = True
    read_actions = ("dynamodb:DescribeTable", "kms:DescribeKey")
    write_actions = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    limitations = (
        "the target is in another account, or in another region and the key is no multi-Region key: the restore "
        "refuses before it makes the table, rather than encrypt it less"
    )

    async def read(self, ask: AwsCaller, table: TableFacts) -> Any:
        key = _key_arn(table.description)
        arn = Arn.parse_if_arn(key) if key is not None else None
        if arn is None:  # some emulators name the key by its id
            return None
        facts = await ask("DescribeKey", lambda cloud: cloud.kms_keys(arn.region).describe(str(arn)))
        return {"KeyManager": facts.manager} if facts else None

    def normalize(self, answer: Any) -> Any:
        """``answer`` is the description, with KeyManager in it where it is known."""
        key = _key_arn(answer)
        if key is None:
            return None
        if answer.get("KeyManager") == "AWS":
            return {"key": _OWN}
        return {"key": key} if answer.get("KeyManager") else {"key": key, "whose": "unknown"}

    def reading(self, known: SettingsSnapshot) -> ObservedSetting:
        """Not unknown without KMS's word: then the key is taken for a customer's."""
        if not known.description:
            return NOT_READ
        found = (known.readings or {}).get(self.name, ABSENT)
        manager = (found.value or {}).get("KeyManager")
        value = self.normalize({**known.description, "KeyManager": manager})
        return ObservedSetting("present", value) if value else ABSENT

    def desired(self, value: Any, inputs: ApplyInputs) -> Any:
        key: str = value["key"]
        if key == _OWN:
            return value
        move, arn = inputs.move, Arn.parse_if_arn(key)
        if move.same_account and move.same_region:
            return {"key": key}
        if arn is None:
            raise _refused(self, value, "is not named by an ARN, so its account and region are unknown")
        if not move.same_account:
            raise _refused(self, value, f"belongs to account {arn.account}")
        if not arn.resource.startswith("key/mrk-"):
            raise _refused(self, value, f"exists in {arn.region} only")
        return {"key": move.relocate(key)}

    def add_to_creation(self, definition: dict[str, Any], desired: Any) -> dict[str, Any]:
        return {**definition, "SSESpecification": _specification(desired)}

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        has = existing or {}
        perhaps = desired["key"] == _OWN and has.get("whose") == "unknown"
        if has.get("key") != desired["key"] and not perhaps:
            yield update_table("key", target, {"SSESpecification": _specification(desired)})


def _key_arn(description: Any) -> str | None:
    sse = description.get("SSEDescription") or {}
    if sse.get("Status") in ("DISABLED", "DISABLING"):
        return None
    key: str | None = sse.get("KMSMasterKeyArn")
    return key


def _refused(setting: Setting, value: Any, why: str) -> Refused:
    unsure = (
        " (if it is aws/dynamodb, the record does not tell: KMS was not asked)" if "whose" in value else ""
    )
    return refuse(
        setting,
        f"the KMS key {value['key']} {why}{unsure}",
        "say `settings: none`, or list what is wanted without `encryption`, and encrypt the table yourself",
    )


def _specification(desired: Any) -> dict[str, Any]:
    """Without a key for aws/dynamodb, as botocore's model asks."""
    named = {} if desired["key"] == _OWN else {"KMSMasterKeyId": desired["key"]}
    return {"Enabled": True, "SSEType": "KMS", **named}
