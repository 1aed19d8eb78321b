"""Putting a table's settings back once its data is there, in the order of ``SETTINGS``, and proving each.

Every setting that is asked for is read first, so that a run that was killed goes on where it stopped, and what is
there already is left. Nothing that the target has is taken away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import structlog

from ddbbackup import events
from ddbbackup.catalog import Reading
from ddbbackup.errors import AccessDenied, DdbBackupError, Refused, SettingsNotPutBack, TimedOut, Unreachable
from ddbbackup.ports import TableFacts
from ddbbackup.steps.pace import Ask
from ddbbackup.steps.restore_method import Job
from ddbbackup.steps.settings import SETTINGS
from ddbbackup.steps.settings.asked import (
    ALWAYS,
    Result,
    before_the_call,
    known_of,
    made_with,
    newer_settings,
    refused,
    scene_of,
)
from ddbbackup.steps.settings.capture import read_one, read_settings
from ddbbackup.steps.settings.idle import until_idle
from ddbbackup.steps.settings.needs import to_put_back
from ddbbackup.steps.settings.setting import Change, Known, Pending, Scene, Setting, Skipped
from ddbbackup.steps.step import Wait

log = structlog.get_logger()

PERMISSIONS: Final = to_put_back()

SHOWN_SECONDS: Final = (
    900.0  # AWS shows a change late: tags and policies after seconds, Kinesis after minutes
)


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
    recorded = _recorded(job)
    if job.found.backup is None:
        recorded = yield from _of_the_live_table(job)
    scene = scene_for(job, recorded, table.description, made=made)
    results: list[Result] = yield from _Putting(Ask(job.world, job.cloud), scene, table).all()
    missing = [result for result in results if result.missing]
    error = _error(job.target, missing) if missing else None
    return Settled((*results, *newer_settings(recorded.description)), error)


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


def _of_the_live_table(job: Job) -> Pending:
    """A point-in-time restore loses settings that its source still has."""
    assert job.found.live is not None, "a point-in-time restore has a live source"
    table = job.found.live.table
    readings = yield from read_settings(Ask(job.world, job.world.source), table)
    return Known(table.description, readings)


class _Putting:
    """One putting back; ``table`` is the target as it was described last."""

    def __init__(self, ask: Ask, scene: Scene, table: TableFacts) -> None:
        self.ask = ask
        self.scene = scene
        self.table = table

    def all(self) -> Pending:
        """A ``Result`` for each setting. What goes wrong with one never stops the others."""
        results = []
        if self.scene.asked - ALWAYS:
            yield from self._wait()
        for setting in SETTINGS:
            try:
                result: Result = yield from self._one(setting)
            except Skipped as skipped:
                result = Result(setting.name, "skipped", skipped.reason)
            except TimedOut as error:
                result = _failed(setting, f"{error.message}; {error.hint}")
            except (Refused, AccessDenied) as error:
                result = refused(setting, error)
            except DdbBackupError as error:
                result = _failed(setting, f"{error.message}; {error.hint}")
            result = replace(result, asked=setting.name in self.scene.asked)
            if result.missing:
                status, reason = result.status, result.reason
                log.warning(events.SETTING_REFUSED, setting=setting.name, status=status, reason=reason)
            results.append(result)
        return results

    def _one(self, setting: Setting) -> Pending:
        """One change at a time, each waited for, until AWS shows the setting as it should be."""
        if setting.name not in self.scene.asked:
            return before_the_call(setting, self.scene)
        made: set[str] = set()
        declined: DdbBackupError | None = None
        until, pause = 0.0, 0.0
        while True:
            existing, answer = yield from self._existing(setting)
            aim = before_the_call(setting, self.scene)
            if isinstance(aim, Result):
                return aim
            if existing.state == "unknown":
                why = f"{existing.reason}: {existing.message}"
                return _failed(setting, f"what the target has could not be read ({why})")
            if made and (ended := self._ended(setting, aim, existing.value, answer)):
                return ended
            if declined is not None:
                raise declined
            left = list(setting.changes(aim, existing.value, self.table))
            if not left:
                return self._nothing_to_do(setting)
            change = next((change for change in left if change.label not in made), None)
            if change is not None:
                try:
                    yield from self._make(setting, change)
                except (Refused, AccessDenied, Unreachable) as error:
                    declined = error  # unless AWS shows the change all the same: an answer may have been lost
                made.add(change.label)
                until, pause = self.ask.world.clock.monotonic() + SHOWN_SECONDS, 0.2
            elif self.ask.world.clock.monotonic() > until:
                return _failed(
                    setting, "AWS took the change, but does not show it a quarter of an hour later"
                )
            else:
                yield Wait(pause)
                pause = min(15.0, pause * 2)
            yield from self._wait()

    def _ended(self, setting: Setting, aim: Any, existing: Any, answer: Any) -> Result | None:
        """What AWS shows after a change: that it is there, that it was given up, or nothing yet."""
        if gave_up := setting.failure(aim, answer):
            return _failed(setting, gave_up)
        if setting.settled(aim, existing, self.table):
            return Result(setting.name, "put back", setting.note(_answer(setting, self.scene.recorded)))
        return None

    def _nothing_to_do(self, setting: Setting) -> Result:
        with_the_table = self.scene.made and setting.at == "creation" and setting.chosen != "always"
        if with_the_table:
            return Result(setting.name, "put back", "made with the table")
        return Result(setting.name, "unchanged")

    def _existing(self, setting: Setting) -> Pending:
        """What the target has, in its normal form and as AWS says it; the scene is of that moment from then on."""
        now, answer = Known(self.table.description, {}), self.table.description
        if setting.separate:
            reading: Reading = yield from read_one(self.ask, setting, self.table)
            now, answer = Known(self.table.description, {setting.name: reading}), reading.value
        self.scene = replace(self.scene, target=now)
        return setting.reading(now), answer

    def _wait(self) -> Pending:
        self.table = yield from until_idle(self.ask, self.table.name)
        self.scene = replace(self.scene, target=Known(self.table.description, {}))

    def _make(self, setting: Setting, change: Change) -> Pending:
        yield from self.ask(change.operation, change.call)
        log.info(events.SETTING_PUT_BACK, setting=setting.name, what=change.label, target=self.table.name)


def _failed(setting: Setting, why: str) -> Result:
    return Result(setting.name, "failed", why, missing=True)


def _answer(setting: Setting, recorded: Known) -> Any:
    if not setting.separate:
        return recorded.description
    reading = (recorded.readings or {}).get(setting.name)
    return reading.value if reading else None


def _error(target: str, missing: Sequence[Result]) -> SettingsNotPutBack:
    what = ", ".join(f"{result.setting} ({result.status})" for result in missing)
    return SettingsNotPutBack(
        f"the data is whole in {target}, but of its settings {what} could not be put back: {missing[0].reason}",
        hint="mend what is said of each, then run the same restore again: it goes on with the settings",
    )
