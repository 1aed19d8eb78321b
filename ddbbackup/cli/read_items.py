"""What ``find`` and ``dump`` have in common: a restore point of a table, and where its items go."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.aws import AwsCloud
from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.bulk.read_items import Emit
from ddbbackup.cli.session import Session
from ddbbackup.errors import Bug
from ddbbackup.find.read_point import read_point
from ddbbackup.find.readable_point import find_readable_point
from ddbbackup.plan.model import Only
from ddbbackup.plan.restore_from import FromLatest


async def read_into(session: Session, options: Namespace, only: Only | None, emit: Emit) -> int:
    """How many items were handed to ``emit``. Raises what ``read_point`` raises."""
    context = session.context
    cloud = context.source
    if not isinstance(cloud, AwsCloud):
        raise Bug("a source is not AWS")
    source = options.point or FromLatest()
    point = await context.call(find_readable_point, context, options.table, source)
    return await context.heavy(
        read_point,
        point,
        only,
        options.format,
        emit,
        access=AwsBulkAccess(target=cloud.connection, source=cloud.connection),
        state_dir=context.state_dir,
        on_progress=context.on_progress,
        stop=context.stop,
    )
