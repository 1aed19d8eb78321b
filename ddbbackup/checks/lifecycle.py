"""Lifecycle rules that would eat backups: S3 deletes by them without asking, and a record still says complete."""

from __future__ import annotations

from ddbbackup.checks.check import ok, warning
from ddbbackup.model.check import Check
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Cloud, LifecycleRule


def check_lifecycle(cloud: Cloud, destination: Destination) -> Check:
    subject = f"destination {destination.name}"
    rules = cloud.buckets.lifecycle(destination.bucket, owner=destination.bucket_owner)
    meant = [rule for rule in rules if meets(rule, destination.prefix)]
    if not meant:
        return ok(subject, "lifecycle", "no rule removes or archives backups")
    said = "; ".join(_say(rule) for rule in meant)
    return warning(
        subject,
        "lifecycle",
        f"{destination.bucket}: {said}",
        "make sure that no rule takes away what a restore may need: records do not know of it",
    )


def meets(rule: LifecycleRule, prefix: str) -> bool:
    """Whether a rule may apply to backups: its prefix and the fixed part of the destination's overlap. Pure."""
    fixed = prefix.partition("{")[0]
    return not rule.tagged and (rule.prefix.startswith(fixed) or fixed.startswith(rule.prefix))


def _say(rule: LifecycleRule) -> str:
    below = f" below {rule.prefix}" if rule.prefix else ""
    parts = [f"deletes objects{below} {rule.expires}"] if rule.expires else []
    parts += [f"archives objects{below} {rule.archives}"] if rule.archives else []
    return f"the rule {rule.name!r} {' and '.join(parts)}"
