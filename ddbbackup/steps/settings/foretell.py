"""For ``preview``: the recorded settings of a backup beside those of the target, with what a run would do. Blocks."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from typing import Any

from ddbbackup.catalog.reading import ABSENT
from ddbbackup.plan.model import Restore
from ddbbackup.ports import TableFacts
from ddbbackup.steps.pace import Ask
from ddbbackup.steps.restore_survey import Survey
from ddbbackup.steps.settings.asked import Difference, differences, known_of, scene_of
from ddbbackup.steps.settings.capture import read_settings
from ddbbackup.steps.settings.setting import Known
from ddbbackup.steps.step import Wait
from ddbbackup.steps.table_definition import create_table_input
from ddbbackup.steps.world import World


def foretell_settings(world: World, restore: Restore, found: Survey) -> tuple[Difference, ...]:
    """One ``Difference`` a setting, in the order in which they are put back. Reads only.

    Where the target does not exist yet it is compared with the table that would be made, before its settings.
    Raises ``Refused`` if that table could not be made.
    """
    recorded = known_of(found.description, found.backup.settings if found.backup else None)
    if found.backup is None and found.live is not None:
        live = found.live.table
        recorded = Known(live.description, _finish(world, read_settings(Ask(world, world.source), live)))
    if found.target is None:
        target = _to_be_made(restore, found)
        now = Known(target.description, dict.fromkeys(recorded.readings or {}, ABSENT))
    else:
        target = found.target
        now = Known(target.description, _finish(world, read_settings(Ask(world, found.cloud), target)))
    scene = scene_of(
        restore,
        source_arn=found.table_arn,
        recorded=recorded,
        target_arn=found.target_arn,
        target=now,
        made=found.target is None,
    )
    return differences(scene, target)


def _to_be_made(restore: Restore, found: Survey) -> TableFacts:
    name = found.target_arn.rpartition("/")[2]
    made: dict[str, Any] = {"TableArn": found.target_arn}
    if found.description:
        made |= create_table_input(found.description, name=name, billing_mode=restore.target.billing_mode)
        made["BillingModeSummary"] = {"BillingMode": made.pop("BillingMode")}
    return TableFacts(name, found.target_arn, "", "ACTIVE", (), 0, 0, made)


def _finish(world: World, work: Generator[Wait | Future[Any], Any, Any]) -> Any:
    """Runs what the executor would run, and waits for it."""
    try:
        wanted = next(work)
        while True:
            if isinstance(wanted, Wait):
                world.clock.sleep(wanted.seconds)
                wanted = work.send(None)
            elif (error := wanted.exception()) is not None:
                wanted = work.throw(error)
            else:
                wanted = work.send(wanted.result())
    except StopIteration as end:
        return end.value
