"""Replicas of a global table. They are created one Region at a time, after the settings that AWS copies to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ddbbackup.model.arn import Arn
from ddbbackup.model.json_value import (
    Json,
    JsonObject,
    as_object,
    get_object,
    get_objects,
    get_text,
    require_text,
)
from ddbbackup.model.table_description import billing_mode
from ddbbackup.ports import TableFacts
from ddbbackup.settings.grants import require_allowed
from ddbbackup.settings.setting import ApplyInputs, Change, Setting, refusal, update_table
from ddbbackup.steps.permissions import use_of_key


@dataclass(frozen=True, slots=True)
class GlobalTable:
    """``regions`` holds the settings of each replica that override those of the table, by region.

    ``foreign`` are the ARNs of replicas in other accounts (multi-account global tables).
    """

    regions: Mapping[str, JsonObject]
    foreign: tuple[str, ...] = ()
    strongly_consistent: bool = False


class Replicas(Setting[GlobalTable]):
    """AWS may answer the first request with HTTP 500, and drop one that it accepted (both observed on AWS)."""

    name = "replicas"
    title = "replicas"
    phase = "after everything"
    describe_fields = frozenset(
        {
            "Replicas",
            "GlobalTableVersion",
            "GlobalTableWitnesses",
            "GlobalTableSettingsReplicationMode",
            "MultiRegionConsistency",
            "DisassociationProtectionEnabled",
        }
    )
    write_actions = ("dynamodb:UpdateTable",)
    # DynamoDB guide: DynamoDB global tables security, IAM permissions to create a replica.
    actions_by_aws = (
        ("dynamodb:CreateTable", "replica"),
        ("dynamodb:CreateTableReplica", "replica"),
        ("dynamodb:Scan", "replica"),
        ("dynamodb:Query", "replica"),
        ("dynamodb:UpdateItem", "replica"),
        ("dynamodb:PutItem", "replica"),
        ("dynamodb:GetItem", "replica"),
        ("dynamodb:DeleteItem", "replica"),
        ("dynamodb:BatchWriteItem", "replica"),
        ("iam:CreateServiceLinkedRole", "replication-role"),
        *((each.action, each.on) for each in use_of_key("replica-key-use", ("restore",))),
    )
    limitations = (
        "not possible for multi-Region strong consistency, which is chosen when a global table is created; for "
        "replicas in other accounts; for a replica with a KMS key of another account; for a provisioned table "
        "without `auto-scaling`; in a Region where a table with the name of the target exists"
    )
    attempts = 3
    visible_seconds = 60.0

    def normalize(self, response: Json) -> GlobalTable | None:
        """Without the region of the table itself."""
        table = as_object(response)
        own = Arn.parse_if_arn(get_text(table, "TableArn") or "")
        existing = [
            replica
            for replica in get_objects(table, "Replicas")
            if get_text(replica, "ReplicaStatus") not in ("DELETING", "CREATION_FAILED")
        ]
        foreign = tuple(get_text(each, "ReplicaArn") or "" for each in existing if _is_foreign(each, own))
        regions = {
            require_text(replica, "RegionName"): _overrides(replica)
            for replica in existing
            if not _is_foreign(replica, own) and (own is None or replica["RegionName"] != own.region)
        }
        if not regions and not foreign:
            return None
        return GlobalTable(regions, foreign, get_text(table, "MultiRegionConsistency") == "STRONG")

    def desired(self, value: GlobalTable, inputs: ApplyInputs) -> GlobalTable:
        if value.foreign:
            raise refusal(
                self,
                f"the global table has replicas in other accounts ({', '.join(value.foreign)})",
                "add the replicas yourself",
            )
        if value.strongly_consistent:
            raise refusal(
                self,
                "the global table is strongly consistent, which AWS allows only when it is created",
                "create the global table yourself",
            )
        keys = [key for each in value.regions.values() if (key := get_text(each, "KMSMasterKeyId"))]
        if keys and not inputs.relocation.same_account:
            raise refusal(
                self,
                f"they are encrypted with KMS keys of another account ({', '.join(keys)})",
                "add the replicas yourself",
            )
        arns = [arn for key in keys if (arn := Arn.parse_if_arn(key)) is not None]
        require_allowed(self, [arn.account for arn in arns], inputs)
        own_region = inputs.relocation.target.region
        wanted = {region: each for region, each in value.regions.items() if region != own_region}
        if _has_aws_managed_key(inputs):
            wanted = {region: _without_key(each) for region, each in wanted.items()}
        self._check_prerequisites(wanted, inputs)
        return GlobalTable(wanted)

    def _check_prerequisites(self, wanted: Mapping[str, JsonObject], inputs: ApplyInputs) -> None:
        """What AWS demands of the table (observed on AWS), as far as the restore would have to provide it."""
        if any("KMSMasterKeyId" in each for each in wanted.values()) and not _will_have_key(inputs):
            raise refusal(
                self,
                "they are encrypted with customer managed KMS keys, but the target is not",
                "list `encryption` in `to.settings` too",
            )
        provisioned = billing_mode(inputs.target.description) == "PROVISIONED"
        if wanted and provisioned and inputs.created and "auto-scaling" not in inputs.requested:
            raise refusal(
                self,
                "replicas of a provisioned table need auto scaling of the writes of the table and of its indexes",
                "list `auto-scaling` in `to.settings` too",
            )

    def changes(
        self, desired: GlobalTable, existing: GlobalTable | None, target: TableFacts
    ) -> Iterator[Change]:
        for region, overrides in desired.regions.items():
            if existing is None or region not in existing.regions:
                create = {"Create": {"RegionName": region, **overrides}}
                yield update_table(region, target, {"ReplicaUpdates": [create]})

    def failure(self, desired: GlobalTable, response: Json) -> str | None:
        for replica in get_objects(as_object(response), "Replicas"):
            region, status = require_text(replica, "RegionName"), get_text(replica, "ReplicaStatus")
            if region in desired.regions and status == "CREATION_FAILED":
                reason = get_text(replica, "ReplicaStatusDescription") or "AWS gave no reason"
                return f"the replica in {region} ended as {status}: {reason}"
        return None


def _is_foreign(replica: JsonObject, own: Arn | None) -> bool:
    """Whether the replica is in another account, possibly in the region of the table."""
    arn = Arn.parse_if_arn(get_text(replica, "ReplicaArn") or "")
    return arn is not None and own is not None and arn.account != own.account


def _has_aws_managed_key(inputs: ApplyInputs) -> bool:
    """Each region then uses its own aws/dynamodb, which DescribeTable returns as the key of the replica."""
    observed = inputs.recorded.observed.get("encryption")
    return observed is not None and get_text(as_object(observed.value or {}), "KeyManager") == "AWS"


def _will_have_key(inputs: ApplyInputs) -> bool:
    of_target = get_object(inputs.target.description, "SSEDescription")
    of_recorded = get_object(inputs.recorded.description, "SSEDescription")
    return bool(of_target) or (bool(of_recorded) and "encryption" in inputs.requested)


def _without_key(overrides: JsonObject) -> JsonObject:
    return {name: value for name, value in overrides.items() if name != "KMSMasterKeyId"}


def _overrides(replica: JsonObject) -> JsonObject:
    """The members of a replica's description that CreateReplicationGroupMemberAction accepts (botocore's model)."""
    members = ("KMSMasterKeyId", "ProvisionedThroughputOverride", "OnDemandThroughputOverride")
    overrides = {member: replica[member] for member in members if replica.get(member)}
    index_members = ("IndexName", "ProvisionedThroughputOverride", "OnDemandThroughputOverride")
    indexes = [
        {member: index[member] for member in index_members if index.get(member)}
        for index in get_objects(replica, "GlobalSecondaryIndexes")
    ]
    overridden = [index for index in indexes if len(index) > 1]
    if overridden:
        overrides["GlobalSecondaryIndexes"] = overridden
    table_class = get_text(get_object(replica, "ReplicaTableClassSummary"), "TableClass")
    return {**overrides, **({"TableClassOverride": table_class} if table_class else {})}
