"""The settings of a restored table: at its creation, after its data, and in ``preview``.

Translates a restore into the plain values that ``ddbbackup.settings`` takes. No other module does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from ddbbackup.catalog.observed_setting import ABSENT
from ddbbackup.errors import Refused, SettingsNotApplied
from ddbbackup.model.json_value import Json, JsonObject, get_objects, require_text
from ddbbackup.model.table_description import billing_mode, index_names, lasting_indexes
from ddbbackup.plan.model import Limits, Plan
from ddbbackup.ports import TableFacts
from ddbbackup.restore.resolve import ResolvedRestore
from ddbbackup.settings import SETTINGS
from ddbbackup.settings.apply import SettingsApplier
from ddbbackup.settings.permissions import to_apply, to_read_source, to_read_target
from ddbbackup.settings.plan_changes import (
    SettingResult,
    apply_inputs,
    creation_input,
    differences,
    newer_settings,
    requested_settings,
)
from ddbbackup.settings.read import read_settings
from ddbbackup.settings.setting import AnySetting, ApplyInputs, SettingsSnapshot
from ddbbackup.settings.table_definition import (
    capacity_update,
    create_table_input,
    index_creation,
    on_demand,
    without_global_indexes,
)
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import POINT_IN_TIME, RESTORES, Permission, When


def _permissions() -> Iterator[Permission]:
    for setting in SETTINGS:
        for action, on in to_read_source(setting):
            note = "of the live table"
            yield Permission(action, on, ("restore",), _requested(setting, by_time=True), note=note)
            yield Permission(action, on, ("read",), POINT_IN_TIME, note=note)
        for action, on in to_read_target(setting):
            note = "without it, `preview` shows the setting as unknown"
            yield Permission(action, on, ("read",), RESTORES, note=note)
        if setting.default_policy != "always":
            when = _requested(setting)
            for action, on in to_apply(setting):
                yield Permission(action, on, ("restore",), when)
            for action, on in setting.actions_by_aws:
                yield Permission(action, on, ("restore",), when, for_aws=True)


def _requested(setting: AnySetting, *, by_time: bool = False) -> When:
    """``by_time``: by a point-in-time restore. The default counts as if the restore created the target."""

    def holds(plan: Plan) -> bool:
        return any(
            setting.name in requested_settings(restore.target.settings, created=True)
            for restore in plan.restores.values()
            if not by_time or restore.method == "point-in-time"
        )

    which = "a point-in-time restore" if by_time else "a restore"
    return When(f"{which} applies `{setting.name}`", holds)


PERMISSIONS: Final = tuple(dict.fromkeys(_permissions()))


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The results for all settings. ``error`` is set if a requested setting could not be applied."""

    results: tuple[SettingResult, ...]
    error: SettingsNotApplied | None = None

    @property
    def facts(self) -> list[dict[str, Json]]:
        """For the report (report.schema.json: setting)."""
        return [asdict(result) for result in self.results]


def table_to_create(resolved: ResolvedRestore, *, to_load: bool = False) -> JsonObject:
    """The input of CreateTable for the target, with all settings that it accepts; without indexes if they come later.

    ``to_load``: with the capacity that `limits.load_capacity` asks for.

    Raises ``Refused`` if the requested encryption or billing mode is not possible for the target.
    """
    inputs = _inputs(resolved, recorded=_recorded(resolved), target=SettingsSnapshot(), created=True)
    definition = _definition(resolved)
    if to_load and recorded_capacity(resolved) and _limits(resolved).load_capacity == "on-demand":
        definition = on_demand(definition)
    definition = creation_input(definition, inputs)
    after_load = resolved.inputs.restore.target.indexes == "after-load"
    return without_global_indexes(definition) if after_load else definition


def recorded_capacity(resolved: ResolvedRestore) -> JsonObject | None:
    """The input of UpdateTable that gives the target its provisioned capacity; None if it is to be on demand.

    Raises ``Refused`` if the requested billing mode is not possible.
    """
    if not resolved.description:
        return None
    definition = _definition(resolved)
    return capacity_update(definition) if definition["BillingMode"] == "PROVISIONED" else None


def switches_capacity(resolved: ResolvedRestore) -> bool:
    """Whether the target is to be created on demand for the load, and gets its capacity after it."""
    if resolved.target is not None or _limits(resolved).load_capacity != "on-demand":
        return False
    try:
        return recorded_capacity(resolved) is not None
    except Refused:
        return False


def later_indexes(resolved: ResolvedRestore) -> tuple[str, ...]:
    """The names of the indexes that the restore adds to the target after the data."""
    if resolved.inputs.restore.target.indexes != "after-load":
        return ()
    existing = index_names(resolved.target.description) if resolved.target is not None else ()
    return tuple(name for name in index_names(resolved.description) if name not in existing)


def missing_indexes(resolved: ResolvedRestore, table: TableFacts) -> dict[str, JsonObject]:
    """The inputs of UpdateTable that add the recorded global secondary indexes that the table lacks, by index.

    With the settings of an index that the plan requests, in the billing mode of the table. Raises ``Refused`` if the
    table is provisioned and the capacity of its indexes is not recorded.
    """
    inputs = _inputs(resolved, recorded=_recorded(resolved), target=SettingsSnapshot(), created=True)
    inputs = replace(inputs, requested=inputs.requested - {"encryption"})  # that of the table, which exists
    mode = billing_mode(table.description)
    definition = creation_input(
        create_table_input(resolved.description, name=table.name, billing_mode=mode), inputs
    )
    existing = index_names(table.description)
    return {
        name: index_creation(definition, index)
        for index in get_objects(definition, "GlobalSecondaryIndexes")
        if (name := require_text(index, "IndexName")) not in existing
    }


def encryption_refusal(resolved: ResolvedRestore) -> Refused | None:
    """The error that ``table_to_create`` will raise if the target cannot be encrypted as the backed-up table was."""
    if resolved.target is not None or resolved.backup is None or not resolved.description:
        return None
    inputs = _inputs(resolved, recorded=_recorded(resolved), target=SettingsSnapshot(), created=True)
    try:
        creation_input({}, inputs)
    except Refused as error:
        return error
    return None


async def apply_settings(
    context: RunContext, resolved: ResolvedRestore, table: TableFacts, *, created: bool
) -> ApplyResult:
    """Applies the settings to the target, which has all data by now. Does not raise if a setting fails.

    ``created``: the target did not exist before this restore, so it also gets the default settings of the plan.
    """
    inputs = _inputs(
        resolved, recorded=_recorded(resolved), target=SettingsSnapshot(table.description), created=created
    )
    if resolved.recorded is None:
        recorded = await _read_live(context, resolved, inputs.requested)
        inputs = _inputs(resolved, recorded=recorded, target=inputs.target, created=created)
    results = await SettingsApplier(AwsCaller(context, resolved.cloud), inputs, table).apply_all()
    missing = [result for result in results if result.missing]
    error = _not_applied(resolved.inputs.target, missing) if missing else None
    return ApplyResult((*results, *newer_settings(resolved.description)), error)


async def preview_settings(
    context: RunContext, resolved: ResolvedRestore, *, created: bool
) -> list[dict[str, Json]]:
    """What a restore would do with each setting of the backed-up table or the target.

    A target that does not exist yet is assumed to be as it will be created, before its settings.
    """
    target = resolved.target or _future_target(resolved)
    if resolved.target is not None:
        target = _with_later_indexes(resolved, resolved.target)
    observed = {setting.name: ABSENT for setting in SETTINGS}
    if resolved.target is not None:
        observed = await read_settings(AwsCaller(context, resolved.cloud), target)
    recorded = _recorded(resolved)
    if resolved.recorded is None:
        recorded = await _read_live(context, resolved, frozenset(setting.name for setting in SETTINGS))
    snapshot = SettingsSnapshot(target.description, observed)
    inputs = _inputs(resolved, recorded=recorded, target=snapshot, created=created)
    return [
        {"setting": each.setting, "verdict": each.verdict, "reason": each.reason or None}
        for each in differences(inputs, target)
        if (each.recorded, each.existing) != (None, None) or each.verdict == "unknown"
    ]


def _inputs(
    resolved: ResolvedRestore, *, recorded: SettingsSnapshot, target: SettingsSnapshot, created: bool
) -> ApplyInputs:
    to = resolved.inputs.restore.target
    return apply_inputs(
        source_arn=resolved.table_arn,
        recorded=recorded,
        target_arn=resolved.target_arn,
        target=target,
        selection=to.settings,
        billing_mode=to.billing_mode,
        created=created,
        allowed=to.allow,
        is_live=resolved.recorded is None,
    )


def _recorded(resolved: ResolvedRestore) -> SettingsSnapshot:
    """Without a record, all settings are unknown."""
    settings = resolved.recorded.settings if resolved.recorded is not None else None
    return SettingsSnapshot(resolved.description, settings or {})


async def _read_live(
    context: RunContext, resolved: ResolvedRestore, names: frozenset[str]
) -> SettingsSnapshot:
    """The settings of the live table: a point-in-time restore does not copy all of them (DynamoDB guide)."""
    if resolved.live is None:
        return _recorded(resolved)
    table = resolved.live.table
    observed = await read_settings(AwsCaller(context, context.source), table, only=names)
    return SettingsSnapshot(table.description, observed)


def _definition(resolved: ResolvedRestore) -> JsonObject:
    billing_mode = resolved.inputs.restore.target.billing_mode
    return create_table_input(resolved.description, name=resolved.inputs.target, billing_mode=billing_mode)


def _limits(resolved: ResolvedRestore) -> Limits:
    return resolved.inputs.restore.limits


def _future_target(resolved: ResolvedRestore) -> TableFacts:
    description: dict[str, Json] = {"TableArn": resolved.target_arn}
    if resolved.description:
        description |= _definition(resolved)
        description["BillingModeSummary"] = {"BillingMode": description.pop("BillingMode")}
    return TableFacts(resolved.inputs.target, resolved.target_arn, "", "ACTIVE", (), 0, 0, description)


def _with_later_indexes(resolved: ResolvedRestore, target: TableFacts) -> TableFacts:
    """The target as it is once the restore has added indexes to it."""
    added = later_indexes(resolved)
    indexes = [
        *lasting_indexes(target.description),
        *(each for each in lasting_indexes(resolved.description) if each["IndexName"] in added),
    ]
    return replace(target, description={**target.description, "GlobalSecondaryIndexes": indexes})


def _not_applied(target: str, missing: Sequence[SettingResult]) -> SettingsNotApplied:
    names = ", ".join(f"{result.setting} ({result.status})" for result in missing)
    others = "; the report has the other reasons" if len(missing) > 1 else ""
    return SettingsNotApplied(
        f"the data of {target} is complete, but these settings could not be applied: {names}: "
        f"{missing[0].reason}{others}",
        hint="fix the causes, then run the same restore again: it continues with the settings",
    )
