"""Replicas of a global table, one region at a time, when everything else is in place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.model.arn import Arn
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import ApplyInputs, Change, Setting, refuse, update_table


class Replicas(Setting):
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
    limitations = (
        "strong consistency between regions, which is chosen when a global table is made; a replica with a KMS key "
        "of another account; a region that has a table of the target's name already"
    )

    def normalize(self, answer: Any) -> Any:
        """Without the region itself."""
        arn = Arn.parse_if_arn(str(answer.get("TableArn")))
        own = arn.region if arn else None
        regions = {
            each["RegionName"]: _overrides(each)
            for each in answer.get("Replicas") or ()
            if each["RegionName"] != own and each.get("ReplicaStatus") not in ("DELETING", "CREATION_FAILED")
        }
        if not regions:
            return None
        strong = {"consistency": "STRONG"} if answer.get("MultiRegionConsistency") == "STRONG" else {}
        return {"regions": regions, **strong}

    def desired(self, value: Any, inputs: ApplyInputs) -> Any:
        if value.get("consistency") == "STRONG":
            why = "they are strongly consistent, which is chosen for all regions at once when a global table is made"
            raise refuse(self, why, "make the global table yourself")
        keys = [o["KMSMasterKeyId"] for o in value["regions"].values() if "KMSMasterKeyId" in o]
        if keys and not inputs.move.same_account:
            raise refuse(self, f"{', '.join(keys)} belong to another account", "add the replicas yourself")
        here = inputs.move.target.region
        return {"regions": {region: o for region, o in value["regions"].items() if region != here}}

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        has = (existing or {}).get("regions", {})
        for region, overrides in desired["regions"].items():
            if region not in has:
                create = {"Create": {"RegionName": region, **overrides}}
                yield update_table(region, target, {"ReplicaUpdates": [create]})

    def failure(self, desired: Any, answer: Any) -> str | None:
        for each in answer.get("Replicas") or ():
            if each["RegionName"] in desired["regions"] and each.get("ReplicaStatus") == "CREATION_FAILED":
                why = each.get("ReplicaStatusDescription") or "AWS gave no reason"
                return f"the replica in {each['RegionName']} ended as CREATION_FAILED ({why})"
        return None


def _overrides(replica: Any) -> dict[str, Any]:
    """What CreateReplicationGroupMemberAction takes of a replica's description."""
    names = ("KMSMasterKeyId", "ProvisionedThroughputOverride", "OnDemandThroughputOverride")
    found = {name: replica[name] for name in names if replica.get(name)}
    parts = ("IndexName", "ProvisionedThroughputOverride", "OnDemandThroughputOverride")
    indexes = [
        {part: index[part] for part in parts if index.get(part)}
        for index in replica.get("GlobalSecondaryIndexes") or ()
    ]
    own = [index for index in indexes if len(index) > 1]
    if own:
        found["GlobalSecondaryIndexes"] = own
    table_class = (replica.get("ReplicaTableClassSummary") or {}).get("TableClass")
    return {**found, **({"TableClassOverride": table_class} if table_class else {})}
