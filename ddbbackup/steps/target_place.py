"""The account and region of a restore's target."""

from __future__ import annotations

from ddbbackup.plan.model import Restore
from ddbbackup.ports import Place


def target_place(restore: Restore) -> Place:
    """What ``to`` overrides of the plan's ``aws``, in the form that ``Cloud.at`` accepts."""
    to = restore.target
    role = to.assume_role
    return Place(
        region=to.region,
        account=to.account,
        role_arn=role.role_arn if role else None,
        external_id=role.external_id if role else None,
    )
