"""What a restore would make of each recorded setting, told beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbbackup.catalog.reading import ABSENT
from ddbbackup.errors import Refused
from ddbbackup.ports import TableFacts
from ddbbackup.steps.finish_now import finish_now
from ddbbackup.steps.pace import Ask
from ddbbackup.steps.restore.table_definition import create_table_input
from ddbbackup.steps.settings import SETTINGS
from ddbbackup.steps.settings.asked import differences, known_of, made_with, scene_of
from ddbbackup.steps.settings.capture import read_settings
from ddbbackup.steps.settings.setting import Known, Scene

if TYPE_CHECKING:
    from ddbbackup.steps.restore.survey import Survey
    from ddbbackup.steps.world import World


def foreseen_settings(world: World, found: Survey, *, made: bool) -> list[dict[str, Any]]:
    """One entry a setting that the backed-up table or the target has: ``setting``, ``verdict``, ``reason``. Blocks.

    ``made``: the restore makes the target, so that it gets what the plan's default is. A target that does not exist
    yet is taken to be as it would be made, before its settings.
    """
    target = found.target or _to_be_made(found)
    if found.target is None:
        now = Known(target.description, {setting.name: ABSENT for setting in SETTINGS})
    else:
        now = Known(
            target.description,
            finish_now(read_settings(Ask(world, found.cloud), target), world.clock),
        )
    scene = _scene(found, recorded=_recorded(world, found), target=now, made=made)
    return [
        {"setting": each.setting, "verdict": each.verdict, "reason": each.reason or None}
        for each in differences(scene, target)
        if (each.recorded, each.existing) != (None, None) or each.verdict == "unknown"
    ]


def refused_encryption(found: Survey) -> Refused | None:
    """What a restore that makes its target raises before it does, if the encryption cannot be the same there."""
    if found.target is not None or found.backup is None or not found.description:
        return None
    recorded = known_of(found.description, found.backup.settings)
    try:
        made_with({}, _scene(found, recorded=recorded, target=Known(), made=True))
    except Refused as error:
        return error
    return None


def _scene(found: Survey, *, recorded: Known, target: Known, made: bool) -> Scene:
    return scene_of(
        found.situation.restore,
        source_arn=found.table_arn,
        recorded=recorded,
        target_arn=found.target_arn,
        target=target,
        made=made,
    )


def _recorded(world: World, found: Survey) -> Known:
    if found.backup is not None:
        return known_of(found.description, found.backup.settings)
    assert found.live is not None, "a survey has a source"
    return Known(
        found.live.table.description,
        finish_now(read_settings(Ask(world, world.source), found.live.table), world.clock),
    )


def _to_be_made(found: Survey) -> TableFacts:
    name = found.target_arn.rpartition("/")[2]
    description: dict[str, Any] = {"TableArn": found.target_arn}
    if found.description:
        billing_mode = found.situation.restore.target.billing_mode
        description |= create_table_input(found.description, name=name, billing_mode=billing_mode)
        description["BillingModeSummary"] = {"BillingMode": description.pop("BillingMode")}
    return TableFacts(name, found.target_arn, "", "ACTIVE", (), 0, 0, description)
