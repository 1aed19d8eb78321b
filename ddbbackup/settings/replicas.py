"""Replicas of a global table. They are created one region at a time, after all other settings."""

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
from ddbbackup.ports import TableFacts
from ddbbackup.settings.grants import require_allowed
from ddbbackup.settings.setting import ApplyInputs, Change, Setting, refusal, update_table
from ddbbackup.steps.permissions import use_of_key


@dataclass(frozen=True, slots=True)
class GlobalTable:
    """``regions`` holds the settings of each replica that override those of the table, by region."""

    regions: Mapping[str, JsonObject]
    strongly_consistent: bool = False


class Replicas(Setting[GlobalTable]):
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
        "not possible for multi-Region strong consistency, which is chosen when a global table is created; for a "
        "replica with a KMS key of another account; in a region where a table with the name of the target exists"
    )

    def normalize(self, response: Json) -> GlobalTable | None:
        """Without the region of the table itself."""
        table = as_object(response)
        arn = Arn.parse_if_arn(get_text(table, "TableArn") or "")
        own_region = arn.region if arn is not None else None
        regions = {
            require_text(replica, "RegionName"): _overrides(replica)
            for replica in get_objects(table, "Replicas")
            if get_text(replica, "RegionName") != own_region
            and get_text(replica, "ReplicaStatus") not in ("DELETING", "CREATION_FAILED")
        }
        if not regions:
            return None
        return GlobalTable(regions, get_text(table, "MultiRegionConsistency") == "STRONG")

    def desired(self, value: GlobalTable, inputs: ApplyInputs) -> GlobalTable:
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
        return GlobalTable({region: each for region, each in value.regions.items() if region != own_region})

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
