"""Where a restore's target lies, as the AWS boundary is told it."""

from __future__ import annotations

from ddbbackup.plan.model import Restore
from ddbbackup.ports import Place


def place_of(restore: Restore) -> Place:
    to = restore.target
    role = to.assume_role
    return Place(
        region=to.region,
        account=to.account,
        role_arn=role.role_arn if role else None,
        external_id=role.external_id if role else None,
    )
