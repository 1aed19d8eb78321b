"""Lifecycle rules that delete or archive backups. The record of a backup does not change when S3 deletes its data."""

from __future__ import annotations

from ddbbackup.checks.check import ok, warning
from ddbbackup.model.check import Check
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Cloud, LifecycleRule


def check_lifecycle(cloud: Cloud, destination: Destination) -> Check:
    subject = f"destination {destination.name}"
    rules = cloud.buckets.lifecycle(destination.bucket, owner=destination.bucket_owner)
    affecting = [rule for rule in rules if affects_backups(rule, destination.prefix)]
    if not affecting:
        return ok(subject, "lifecycle", "no rule deletes or archives backups")
    return warning(
        subject,
        "lifecycle",
        f"lifecycle of {destination.bucket}: {'; '.join(map(_describe, affecting))}",
        "restrict these rules to prefixes without backups, unless they keep backups for as long as you need them",
    )


def affects_backups(rule: LifecycleRule, prefix: str) -> bool:
    """Whether a rule may apply to backups: its prefix overlaps the fixed part of the destination's prefix. Pure."""
    fixed = prefix.partition("{")[0]
    return not rule.tagged and (rule.prefix.startswith(fixed) or fixed.startswith(rule.prefix))


def _describe(rule: LifecycleRule) -> str:
    below = f" below {rule.prefix}" if rule.prefix else ""
    actions = [f"deletes objects{below} {rule.expires}"] if rule.expires else []
    actions += [f"archives objects{below} {rule.archives}"] if rule.archives else []
    return f"the rule {rule.name!r} {' and '.join(actions)}"
