"""Putting a table's settings back once its data is there, in the order of ``SETTINGS``, and proving each.

Every setting that is asked for is read first, so that a run that was killed goes on where it stopped, and what is
there already is left. Nothing that the target has is taken away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from ddbbackup.errors import SettingsNotPutBack
from ddbbackup.ports import TableFacts
from ddbbackup.steps.pace import Ask
from ddbbackup.steps.restore.method import Job
from ddbbackup.steps.settings.asked import Result, known_of, made_with, newer_settings, scene_of
from ddbbackup.steps.settings.capture import read_settings
from ddbbackup.steps.settings.needs import to_put_back
from ddbbackup.steps.settings.putting import Putting
from ddbbackup.steps.settings.setting import Known, Pending, Scene

PERMISSIONS: Final = to_put_back()


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of each setting. ``error`` is set if the plan asks for one that could not be put back."""

    results: tuple[Result, ...]
    error: SettingsNotPutBack | None = None

    @property
    def told(self) -> list[dict[str, Any]]:
        """For reports."""
        return [asdict(result) for result in self.results]


def with_settings(definition: Mapping[str, Any], job: Job) -> dict[str, Any]:
    """CreateTable's input with those settings in it that are made with the table.

    Raises ``Refused`` if the plan wants the encryption of the backed-up table and the target cannot have it.
    """
    return made_with(definition, scene_for(job, _recorded(job), {}, made=True))


def put_back(job: Job, table: TableFacts, *, made: bool) -> Pending:
    """Returns ``Settled``; raises nothing that goes wrong with a setting.

    ``made``: the restore has made the target, so it gets what the plan's default is; one that was there gets
    only what is named.
    """
    scene = scene_for(job, _recorded(job), table.description, made=made)
    if job.found.backup is None:
        scene = replace(scene, recorded=(yield from _of_the_live_table(job, scene.asked)))
    results: list[Result] = yield from Putting(Ask(job.world, job.cloud), scene, table).all()
    missing = [result for result in results if result.missing]
    error = _error(job.target, missing) if missing else None
    return Settled((*results, *newer_settings(job.found.description)), error)


def scene_for(job: Job, recorded: Known, description: Mapping[str, Any], *, made: bool) -> Scene:
    """``description`` is that of the target, if it exists."""
    return scene_of(
        job.restore,
        source_arn=job.found.table_arn,
        recorded=recorded,
        target_arn=job.found.target_arn,
        target=Known(description),
        made=made,
    )


def _recorded(job: Job) -> Known:
    backup = job.found.backup
    return known_of(job.found.description, backup.settings if backup else None)


def _of_the_live_table(job: Job, asked: frozenset[str]) -> Pending:
    """A point-in-time restore loses settings that its source still has."""
    assert job.found.live is not None, "a point-in-time restore has a live source"
    table = job.found.live.table
    readings = yield from read_settings(Ask(job.world, job.world.source), table, only=asked)
    return Known(table.description, readings)


def _error(target: str, missing: Sequence[Result]) -> SettingsNotPutBack:
    what = ", ".join(f"{result.setting} ({result.status})" for result in missing)
    more = "; the report has the other reasons" if len(missing) > 1 else ""
    return SettingsNotPutBack(
        f"the data is whole in {target}, but of its settings these could not be put back: {what}: "
        f"{missing[0].reason}{more}",
        hint="mend what is said of each, then run the same restore again: it goes on with the settings",
    )
