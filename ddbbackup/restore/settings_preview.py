"""What a restore would make of each recorded setting, told beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbbackup.catalog.observed_setting import ABSENT
from ddbbackup.errors import Refused
from ddbbackup.model.arn import Arn
from ddbbackup.ports import TableFacts
from ddbbackup.settings import SETTINGS
from ddbbackup.settings.plan_changes import apply_inputs, creation_input, differences, recorded_snapshot
from ddbbackup.settings.read import read_settings
from ddbbackup.settings.setting import ApplyInputs, SettingsSnapshot
from ddbbackup.settings.table_definition import create_table_input
from ddbbackup.steps.aws_caller import AwsCaller

if TYPE_CHECKING:
    from ddbbackup.restore.resolve import ResolvedRestore
    from ddbbackup.steps.context import RunContext


async def foreseen_settings(
    context: RunContext, found: ResolvedRestore, *, made: bool
) -> list[dict[str, Any]]:
    """One entry a setting that the backed-up table or the target has: ``setting``, ``verdict``, ``reason``.

    ``made``: the restore makes the target, so that it gets what the plan's default is. A target that does not exist
    yet is taken to be as it would be made, before its settings.
    """
    target = found.target or _to_be_made(found)
    if found.target is None:
        now = SettingsSnapshot(target.description, {setting.name: ABSENT for setting in SETTINGS})
    else:
        now = SettingsSnapshot(
            target.description,
            await read_settings(AwsCaller(context, found.cloud), target),
        )
    inputs = _scene(found, recorded=await _recorded(context, found), target=now, made=made)
    return [
        {"setting": each.setting, "verdict": each.verdict, "reason": each.reason or None}
        for each in differences(inputs, target)
        if (each.recorded, each.existing) != (None, None) or each.verdict == "unknown"
    ]


def refused_encryption(found: ResolvedRestore) -> Refused | None:
    """What a restore that makes its target raises before it does, if the encryption cannot be the same there."""
    if found.target is not None or found.backup is None or not found.description:
        return None
    recorded = recorded_snapshot(found.description, found.backup.settings)
    try:
        creation_input({}, _scene(found, recorded=recorded, target=SettingsSnapshot(), made=True))
    except Refused as error:
        return error
    return None


def _scene(
    found: ResolvedRestore, *, recorded: SettingsSnapshot, target: SettingsSnapshot, made: bool
) -> ApplyInputs:
    return apply_inputs(
        found.inputs.restore,
        source_arn=found.table_arn,
        recorded=recorded,
        target_arn=found.target_arn,
        target=target,
        made=made,
    )


async def _recorded(context: RunContext, found: ResolvedRestore) -> SettingsSnapshot:
    if found.backup is not None:
        return recorded_snapshot(found.description, found.backup.settings)
    assert found.live is not None, "a survey has a source"
    return SettingsSnapshot(
        found.live.table.description,
        await read_settings(AwsCaller(context, context.source), found.live.table),
    )


def _to_be_made(found: ResolvedRestore) -> TableFacts:
    name = Arn.parse(found.target_arn).table_name
    description: dict[str, Any] = {"TableArn": found.target_arn}
    if found.description:
        billing_mode = found.inputs.restore.target.billing_mode
        description |= create_table_input(found.description, name=name, billing_mode=billing_mode)
        description["BillingModeSummary"] = {"BillingMode": description.pop("BillingMode")}
    return TableFacts(name, found.target_arn, "", "ACTIVE", (), 0, 0, description)
