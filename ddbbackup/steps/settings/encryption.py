"""Encryption at rest by a key that is not AWS's own: a customer's KMS key, or aws/dynamodb."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ddbbackup.catalog.reading import ABSENT, NOT_READ, Reading
from ddbbackup.errors import Refused
from ddbbackup.ports import KmsKeyFacts, TableFacts
from ddbbackup.steps.pace import Ask
from ddbbackup.steps.settings.setting import Change, Known, Pending, Scene, Setting, refuse, update_table

_OWN: Final = "aws/dynamodb"  # the key that AWS manages for DynamoDB in each account and region


class Encryption(Setting):
    """DescribeTable shows the ARN of whatever key it is; only KMS knows whether that key is aws/dynamodb."""

    name = "encryption"
    shown = "encryption"
    at = "creation"
    chosen = "by default"
    members = frozenset({"SSEDescription"})
    separate = True
    read_by = ("dynamodb:DescribeTable", "kms:DescribeKey")
    put_back_by = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    impossible = (
        "the target is in another account, or in another region and the key is no multi-Region key: the restore "
        "refuses before it makes the table, rather than encrypt it less"
    )

    def read(self, ask: Ask, table: TableFacts) -> Pending:
        key = _key_arn(table.description)
        if key is None or not key.startswith("arn:"):  # some emulators name the key by its id
            return None
        region = key.split(":")[3]
        facts: KmsKeyFacts | None = yield from ask("DescribeKey", lambda c: c.kms_keys(region).describe(key))
        return {"KeyManager": facts.manager} if facts else None

    def normal(self, answer: Any) -> Any:
        """``answer`` is the description, with KeyManager in it where it is known."""
        key = _key_arn(answer)
        if key is None:
            return None
        if answer.get("KeyManager") == "AWS":
            return {"key": _OWN}
        return {"key": key} if answer.get("KeyManager") else {"key": key, "whose": "unknown"}

    def reading(self, known: Known) -> Reading:
        """Not unknown without KMS's word: then the key is taken for a customer's."""
        if not known.description:
            return NOT_READ
        found = (known.readings or {}).get(self.name, ABSENT)
        manager = (found.value or {}).get("KeyManager")
        value = self.normal({**known.description, "KeyManager": manager})
        return Reading("present", value) if value else ABSENT

    def aim(self, value: Any, scene: Scene) -> Any:
        key: str = value["key"]
        if key == _OWN:
            return value
        move, parts = scene.move, key.split(":", 5)
        if move.same_account and move.same_region:
            return {"key": key}
        if not key.startswith("arn:"):
            raise _refused(self, value, "is not named by an ARN, so nobody can tell where it is")
        if not move.same_account:
            raise _refused(self, value, f"belongs to account {parts[4]}")
        if not parts[5].startswith("key/mrk-"):
            raise _refused(self, value, f"exists in {parts[3]} only")
        return {"key": move.elsewhere(key)}

    def at_creation(self, definition: dict[str, Any], aim: Any) -> dict[str, Any]:
        return {**definition, "SSESpecification": _specification(aim)}

    def changes(self, aim: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        has = existing or {}
        perhaps = aim["key"] == _OWN and has.get("whose") == "unknown"
        if has.get("key") != aim["key"] and not perhaps:
            yield update_table("key", target, {"SSESpecification": _specification(aim)})


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


def _specification(aim: Any) -> dict[str, Any]:
    """Without a key for aws/dynamodb, as botocore's model asks."""
    named = {} if aim["key"] == _OWN else {"KMSMasterKeyId": aim["key"]}
    return {"Enabled": True, "SSEType": "KMS", **named}
