"""What ``find`` and ``dump`` have in common: a restore point of a table, and where its items go."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.aws import AwsCloud
from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.bulk.read_items import Emit
from ddbbackup.cli.session import Session
from ddbbackup.errors import Bug
from ddbbackup.find.history_points import find_history
from ddbbackup.find.read_history import read_history
from ddbbackup.find.read_point import read_point
from ddbbackup.find.readable_point import find_readable_point
from ddbbackup.plan.model import Only
from ddbbackup.plan.restore_from import FromLatest
from ddbbackup.steps.context import RunContext


async def read_history_into(session: Session, options: Namespace, only: Only, emit: Emit) -> int:
    """How many versions were handed to ``emit``. Raises what ``read_history`` raises."""
    context = session.context
    history = await context.call(find_history, context, options.table, options.since)
    return await context.heavy(
        read_history,
        history,
        only,
        options.format,
        emit,
        access=_access(context),
        on_progress=context.on_progress,
        stop=context.stop,
    )


async def read_into(session: Session, options: Namespace, only: Only | None, emit: Emit) -> int:
    """How many items were handed to ``emit``. Raises what ``read_point`` raises."""
    context = session.context
    source = options.point or FromLatest()
    point = await context.call(find_readable_point, context, options.table, source)
    return await context.heavy(
        read_point,
        point,
        only,
        options.format,
        emit,
        access=_access(context),
        state_dir=context.state_dir,
        on_progress=context.on_progress,
        stop=context.stop,
    )


def _access(context: RunContext) -> AwsBulkAccess:
    cloud = context.source
    if not isinstance(cloud, AwsCloud):
        raise Bug("a source is not AWS")
    return AwsBulkAccess(target=cloud.connection, source=cloud.connection)
