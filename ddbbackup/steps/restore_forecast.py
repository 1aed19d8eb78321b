"""What a restore would do: its backup, its target as it is now, time and cost, and what is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbbackup.steps.forecast import Forecast
from ddbbackup.steps.restore_source import resolve_source
from ddbbackup.steps.world import World

if TYPE_CHECKING:
    from ddbbackup.steps.restore_table import RestoreTable


def foretell_restore(step: RestoreTable, world: World) -> Forecast:
    """Raises what finding the backup raises: that is an obstacle."""
    source = resolve_source(world, step.restore)
    return Forecast(
        step.id,
        step.kind,
        step.table,
        step.does,
        items=source.opened.item_count,
        facts={"backup": source.label},
    )
