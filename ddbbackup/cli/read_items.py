"""What ``find`` and ``dump`` have in common: a restore point of a table, and where its items go."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass

from ddbbackup.bulk.read_items import Emit
from ddbbackup.cli.bulk_operations import bulk_access
from ddbbackup.cli.session import Session
from ddbbackup.find.history_points import find_history
from ddbbackup.find.read_history import read_history
from ddbbackup.find.read_point import read_point
from ddbbackup.find.readable_point import find_readable_point
from ddbbackup.plan.model import Only
from ddbbackup.plan.restore_from import FromLatest


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
        access=bulk_access(context.source, context.source),
        on_progress=context.on_progress,
        stop=context.stop,
    )


@dataclass(frozen=True, slots=True)
class ItemsRead:
    """``label`` names the restore point for people."""

    label: str
    count: int


async def read_into(session: Session, options: Namespace, only: Only | None, emit: Emit) -> ItemsRead:
    """What was handed to ``emit``. Raises what ``read_point`` raises."""
    context = session.context
    source = options.point or FromLatest()
    point = await context.call(find_readable_point, context, options.table, source)
    items = await context.heavy(
        read_point,
        point,
        only,
        options.format,
        emit,
        access=bulk_access(context.source, context.source),
        state_dir=context.state_dir,
        on_progress=context.on_progress,
        stop=context.stop,
    )
    return ItemsRead(point.label, items)
