"""Permissions for notifications: publishing to the SNS topics of the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ddbbackup.iam.statements import Grant
from ddbbackup.plan.model import Plan
from ddbbackup.steps.permissions import RoleName


def publishing(plan: Plan, role: RoleName, roles_of_verbs: Mapping[str, RoleName]) -> Iterator[Grant]:
    """Grants for the topics that are notified of the role's verbs.

    A topic that is encrypted with a customer managed KMS key also needs permissions on the key, which the plan does
    not name.
    """
    for notification in plan.notifications:
        notifying = {roles_of_verbs[verb] for verb in notification.verbs}
        if notification.channel == "sns" and role in notifying:
            yield Grant("sns:Publish", notification.address, "topic")
