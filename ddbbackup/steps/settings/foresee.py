"""What a restore would make of each recorded setting, told beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbbackup.catalog.reading import ABSENT
from ddbbackup.errors import DdbBackupError
from ddbbackup.steps.finish_now import finish_now
from ddbbackup.steps.pace import Ask
from ddbbackup.steps.settings import SETTINGS
from ddbbackup.steps.settings.asked import Result, before_the_call, differences, known_of, scene_of
from ddbbackup.steps.settings.capture import read_settings
from ddbbackup.steps.settings.setting import Known, Scene, Setting

if TYPE_CHECKING:
    from ddbbackup.steps.restore_survey import Survey
    from ddbbackup.steps.world import World


def foreseen_settings(world: World, found: Survey, *, made: bool) -> list[dict[str, Any]]:
    """One entry a setting that the backed-up table or the target has: ``setting``, ``verdict``, ``reason``. Blocks.

    ``made``: the restore makes the target, so that it begins with nothing but what the plan's default brings.
    """
    scene = scene_of(
        found.situation.restore,
        source_arn=found.table_arn,
        recorded=_recorded(world, found),
        target_arn=found.target_arn,
        target=_existing(world, found),
        made=made,
    )
    if found.target is None:
        return [told for setting in SETTINGS if (told := _of_a_new_table(setting, scene)) is not None]
    return [
        _told(each.setting, each.verdict, each.reason)
        for each in differences(scene, found.target)
        if (each.recorded, each.existing) != (None, None) or each.verdict == "unknown"
    ]


def _recorded(world: World, found: Survey) -> Known:
    if found.backup is not None:
        return known_of(found.description, found.backup.settings)
    assert found.live is not None, "a survey has a source"
    return Known(
        found.live.table.description,
        finish_now(read_settings(Ask(world, world.source), found.live.table), world.clock),
    )


def _existing(world: World, found: Survey) -> Known:
    if found.target is None:
        return Known({}, {setting.name: ABSENT for setting in SETTINGS})
    readings = finish_now(read_settings(Ask(world, found.cloud), found.target), world.clock)
    return Known(found.target.description, readings)


def _of_a_new_table(setting: Setting, scene: Scene) -> dict[str, Any] | None:
    """None for what the backed-up table had not."""
    if setting.reading(scene.recorded) == ABSENT:
        return None
    try:
        outcome = before_the_call(setting, scene)
    except DdbBackupError as error:
        return _told(setting.name, "refused", f"{error.message}; {error.hint}")
    if isinstance(outcome, Result):
        return _told(setting.name, outcome.status, outcome.reason)
    return _told(setting.name, "would be put back", "")


def _told(setting: str, verdict: str, reason: str) -> dict[str, Any]:
    return {"setting": setting, "verdict": verdict, "reason": reason or None}
