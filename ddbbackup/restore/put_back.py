"""SettingsApplier a table's settings back once its data is there, in the order of ``SETTINGS``, and proving each.

Every setting that is asked for is read first, so that a run that was killed goes on where it stopped, and what is
there already is left. Nothing that the target has is taken away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from ddbbackup.errors import SettingsNotPutBack
from ddbbackup.ports import TableFacts
from ddbbackup.restore.method import RestoreJob
from ddbbackup.settings.apply import SettingsApplier
from ddbbackup.settings.permissions import to_put_back
from ddbbackup.settings.plan_changes import (
    Result,
    apply_inputs,
    creation_input,
    newer_settings,
    recorded_snapshot,
)
from ddbbackup.settings.read import read_settings
from ddbbackup.settings.setting import ApplyInputs, SettingsSnapshot
from ddbbackup.steps.aws_caller import AwsCaller

PERMISSIONS: Final = to_put_back()


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What became of each setting. ``error`` is set if the plan asks for one that could not be put back."""

    results: tuple[Result, ...]
    error: SettingsNotPutBack | None = None

    @property
    def told(self) -> list[dict[str, Any]]:
        """For reports."""
        return [asdict(result) for result in self.results]


def with_settings(definition: Mapping[str, Any], job: RestoreJob) -> dict[str, Any]:
    """CreateTable's input with those settings in it that are made with the table.

    Raises ``Refused`` if the plan wants the encryption of the backed-up table and the target cannot have it.
    """
    return creation_input(definition, scene_for(job, _recorded(job), {}, made=True))


async def put_back(job: RestoreJob, table: TableFacts, *, made: bool) -> ApplyResult:
    """Returns ``ApplyResult``; raises nothing that goes wrong with a setting.

    ``made``: the restore has made the target, so it gets what the plan's default is; one that was there gets
    only what is named.
    """
    inputs = scene_for(job, _recorded(job), table.description, made=made)
    if job.resolved.backup is None:
        inputs = replace(inputs, recorded=(await _of_the_live_table(job, inputs.asked)))
    results = await SettingsApplier(AwsCaller(job.context, job.cloud), inputs, table).all()
    missing = [result for result in results if result.missing]
    error = _error(job.target, missing) if missing else None
    return ApplyResult((*results, *newer_settings(job.resolved.description)), error)


def scene_for(
    job: RestoreJob, recorded: SettingsSnapshot, description: Mapping[str, Any], *, made: bool
) -> ApplyInputs:
    """``description`` is that of the target, if it exists."""
    return apply_inputs(
        job.restore,
        source_arn=job.resolved.table_arn,
        recorded=recorded,
        target_arn=job.resolved.target_arn,
        target=SettingsSnapshot(description),
        made=made,
    )


def _recorded(job: RestoreJob) -> SettingsSnapshot:
    backup = job.resolved.backup
    return recorded_snapshot(job.resolved.description, backup.settings if backup else None)


async def _of_the_live_table(job: RestoreJob, asked: frozenset[str]) -> SettingsSnapshot:
    """A point-in-time restore loses settings that its source still has."""
    table = job.live.table
    readings = await read_settings(AwsCaller(job.context, job.context.source), table, only=asked)
    return SettingsSnapshot(table.description, readings)


def _error(target: str, missing: Sequence[Result]) -> SettingsNotPutBack:
    what = ", ".join(f"{result.setting} ({result.status})" for result in missing)
    more = "; the report has the other reasons" if len(missing) > 1 else ""
    return SettingsNotPutBack(
        f"the data is whole in {target}, but of its settings these could not be put back: {what}: "
        f"{missing[0].reason}{more}",
        hint="mend what is said of each, then run the same restore again: it goes on with the settings",
    )
