"""Encryption at rest with a key that is not owned by AWS: a customer managed KMS key, or aws/dynamodb."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ddbbackup.errors import Refused
from ddbbackup.model.arn import Arn
from ddbbackup.model.json_value import Json, JsonObject, as_object, get_object, get_text
from ddbbackup.ports import TableFacts
from ddbbackup.settings.grants import require_allowed
from ddbbackup.settings.setting import (
    ApplyInputs,
    Change,
    Observed,
    SettingsSnapshot,
    SettingWithApi,
    not_read,
    refusal,
    update_table,
)
from ddbbackup.steps.aws_caller import AwsCaller

AWS_MANAGED: Final = "aws/dynamodb"  # the key that AWS manages for DynamoDB in each account and region


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """``key`` is ``AWS_MANAGED`` or the ARN of a key. ``manager_unknown``: it may be that of the AWS managed key."""

    key: str
    manager_unknown: bool = False


class Encryption(SettingWithApi[EncryptionKey]):
    """DescribeTable returns the ARN of the key. Only KMS tells whether that key is aws/dynamodb."""

    name = "encryption"
    title = "encryption"
    phase = "creation"
    default_policy = "by default"
    describe_fields = frozenset({"SSEDescription"})
    read_actions = ("dynamodb:DescribeTable", "kms:DescribeKey")
    write_actions = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    limitations = (
        "not possible in another account, or in another Region unless the key is a multi-Region key; the restore "
        "then fails before it creates the table"
    )

    async def read(self, call_aws: AwsCaller, table: TableFacts) -> Json:
        arn = Arn.parse_if_arn(_key_of(table.description) or "")
        if arn is None:  # some emulators return the ID of the key
            return None
        facts = await call_aws("DescribeKey", lambda cloud: cloud.kms_keys(arn.region).describe(str(arn)))
        return {"KeyManager": facts.manager} if facts else None

    def normalize(self, response: Json) -> EncryptionKey | None:
        """``response`` is the description of the table with KeyManager added, if it is known."""
        description = as_object(response)
        key = _key_of(description)
        if key is None:
            return None
        manager = get_text(description, "KeyManager")
        if manager == "AWS":
            return EncryptionKey(AWS_MANAGED)
        return EncryptionKey(key, manager_unknown=manager is None)

    def observe(self, snapshot: SettingsSnapshot) -> Observed[EncryptionKey]:
        """Known even if KMS did not answer: the key is then treated as a customer managed one."""
        if not snapshot.description:
            return not_read()
        manager = get_text(as_object(self.recorded_response(snapshot)), "KeyManager")
        return Observed(self.normalize({**snapshot.description, "KeyManager": manager}))

    def desired(self, value: EncryptionKey, inputs: ApplyInputs) -> EncryptionKey:
        if value.key == AWS_MANAGED:
            return value
        relocation, arn = inputs.relocation, Arn.parse_if_arn(value.key)
        if arn is not None and relocation.same_account:
            require_allowed(self, [arn.account], inputs)
        if relocation.same_account and relocation.same_region:
            return EncryptionKey(value.key)
        if arn is None:
            raise self._refusal(value, "is not an ARN, so its account and region are unknown")
        if not relocation.same_account:
            raise self._refusal(value, f"belongs to account {arn.account}")
        if not arn.resource.startswith("key/mrk-"):
            raise self._refusal(value, f"exists in {arn.region} only")
        return EncryptionKey(relocation.relocate(value.key))

    def add_to_creation(self, definition: JsonObject, desired: EncryptionKey) -> JsonObject:
        return {**definition, "SSESpecification": _specification(desired)}

    def changes(
        self, desired: EncryptionKey, existing: EncryptionKey | None, target: TableFacts
    ) -> Iterator[Change]:
        if existing is not None:
            may_be_aws_managed = desired.key == AWS_MANAGED and existing.manager_unknown
            if existing.key == desired.key or may_be_aws_managed:
                return
        yield update_table("key", target, {"SSESpecification": _specification(desired)})

    def _refusal(self, value: EncryptionKey, why: str) -> Refused:
        unsure = " (it may be aws/dynamodb: the record does not have the key manager)"
        return refusal(
            self,
            f"the KMS key {value.key} {why}{unsure if value.manager_unknown else ''}",
            "set `settings: none`, or list the settings without `encryption`, and encrypt the table yourself",
        )


def _key_of(description: JsonObject) -> str | None:
    sse = get_object(description, "SSEDescription")
    if get_text(sse, "Status") in ("DISABLED", "DISABLING"):
        return None
    return get_text(sse, "KMSMasterKeyArn")


def _specification(desired: EncryptionKey) -> JsonObject:
    """Without a key for aws/dynamodb (botocore's model: KMSMasterKeyId)."""
    key = {} if desired.key == AWS_MANAGED else {"KMSMasterKeyId": desired.key}
    return {"Enabled": True, "SSEType": "KMS", **key}
