"""The table that is to be backed up, or what brings it back."""

from __future__ import annotations

from ddbbackup.catalog import Location
from ddbbackup.errors import Bug, DdbBackupError, TableMissing
from ddbbackup.ports import TableFacts
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext


async def described(context: RunContext, location: Location) -> TableFacts:
    """Raises what DescribeTable raises. If there are backups of a table that does not exist, its name is right, and
    somebody has deleted it: then the hint says what creates it again.
    """
    call_aws = AwsCaller(context, context.source)
    try:
        return await call_aws("DescribeTable", lambda cloud: cloud.tables.describe(location.table))
    except TableMissing as error:
        if not await _has_backups(context, location):
            raise
        raise TableMissing(
            f"{error.message}, but it has backups",
            hint=f"run `ddbbackup restore --table {location.table} --settings all` if it was deleted",
        ) from error


async def _has_backups(context: RunContext, location: Location) -> bool:
    try:
        return bool(await context.call(context.catalog.record_keys, location))
    except Bug:
        raise
    except DdbBackupError:
        return False
