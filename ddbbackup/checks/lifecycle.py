"""Lifecycle rules that delete or archive backups. The record of a backup does not change when S3 deletes its data."""

from __future__ import annotations

from ddbbackup.archive.layout import RECORDS_FOLDER, destination_root
from ddbbackup.checks.check import ok, warning
from ddbbackup.model.check import Check
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Cloud, Identity, LifecycleRule


def check_lifecycle(cloud: Cloud, destination: Destination) -> Check:
    subject = f"destination {destination.name}"
    rules = cloud.buckets.lifecycle(destination.bucket, owner=destination.bucket_owner)
    affecting = [rule for rule in rules if affects_backups(rule, destination.prefix, cloud.identity)]
    if not affecting:
        return ok(subject, "lifecycle", "no rule deletes or archives backups")
    return warning(
        subject,
        "lifecycle",
        f"lifecycle of {destination.bucket}: {'; '.join(map(_describe, affecting))}",
        "restrict these rules to prefixes without backups, unless they keep backups for as long as you need them",
    )


def affects_backups(rule: LifecycleRule, prefix: str, identity: Identity) -> bool:
    """Whether a rule may apply to data or records: its prefix overlaps theirs, as far as they are fixed. Pure."""
    data = prefix.replace("{account}", identity.account).replace("{region}", identity.region)
    records = f"{destination_root(prefix)}{RECORDS_FOLDER}/"
    return not rule.tagged and any(
        rule.prefix.startswith(fixed) or fixed.startswith(rule.prefix)
        for fixed in (data.partition("{")[0], records)
    )


def _describe(rule: LifecycleRule) -> str:
    below = f" below {rule.prefix}" if rule.prefix else ""
    actions = [f"deletes objects{below} {rule.expires}"] if rule.expires else []
    actions += [f"archives objects{below} {rule.archives}"] if rule.archives else []
    return f"the rule {rule.name!r} {' and '.join(actions)}"
