"""One setting after the other: read, changed, waited for, and read again until AWS shows it.

What is asked for is read first, so that a run that was killed goes on where it stopped, and what is there already is
left.
"""

from __future__ import annotations

from asyncio import sleep
from dataclasses import replace
from typing import Any, Final

import structlog

from ddbbackup import events
from ddbbackup.catalog import ObservedSetting
from ddbbackup.errors import AccessDenied, DdbBackupError, Refused, StepFailed, TimedOut, Unreachable
from ddbbackup.ports import TableFacts
from ddbbackup.settings import SETTINGS
from ddbbackup.settings.plan_changes import ALWAYS, Result, decide, refused
from ddbbackup.settings.read import read_setting
from ddbbackup.settings.setting import ApplyInputs, Change, Setting, SettingsSnapshot, Skipped
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.table_wait import wait_for_table

log = structlog.get_logger()

# AWS shows tags and policies some seconds late (botocore's model: TagResource, PutResourcePolicy).
SHOWN_SECONDS: Final = 180.0
UNDER_WAY_SECONDS: Final = 900.0


class SettingsApplier:
    """One putting back; ``table`` is the target as it was described last."""

    def __init__(self, ask: AwsCaller, inputs: ApplyInputs, table: TableFacts) -> None:
        self.ask = ask
        self.inputs = inputs
        self.table = table

    async def all(self) -> list[Result]:
        """A ``Result`` for each setting. What goes wrong with one never stops the others."""
        results = []
        if self.inputs.asked - ALWAYS:
            await self._wait()
        for setting in SETTINGS:
            try:
                result = await self._one(setting)
            except Skipped as skipped:
                result = Result(setting.name, "skipped", skipped.reason)
            except TimedOut as error:
                result = _failed(setting, f"{error.message}; {error.hint}")
            except (Refused, AccessDenied) as error:
                result = refused(setting, error)
            except DdbBackupError as error:
                result = _failed(setting, f"{error.message}; {error.hint}")
            result = replace(result, asked=setting.name in self.inputs.asked)
            if result.missing:
                status, reason = result.status, result.reason
                log.warning(events.SETTING_REFUSED, setting=setting.name, status=status, reason=reason)
            results.append(result)
        return results

    async def _one(self, setting: Setting) -> Result:
        """One change at a time, each waited for, until AWS shows the setting as it should be."""
        if setting.name not in self.inputs.asked:
            return decide(setting, self.inputs)
        made: set[str] = set()
        declined: DdbBackupError | None = None
        since, pause = self._now(), 0.2
        while True:
            existing, answer = await self._existing(setting)
            desired = decide(setting, self.inputs)
            if isinstance(desired, Result):
                return desired
            if existing.state == "unknown":
                raise _unreadable(setting, existing)
            if made and (ended := self._ended(setting, desired, existing.value, answer, self._now() - since)):
                return ended
            left, refusal = self._left(setting, desired, existing.value)
            change = next((change for change in left if change.label not in made), None)
            if declined is not None:
                raise declined
            if refusal is not None and not left and not (made and setting.in_progress(desired, answer)):
                raise refusal  # only now: what could be done of it is done, or has failed and was said
            if not left and not made:
                return self._nothing_to_do(setting)
            if change is None:
                await sleep(pause)
                pause = min(15.0, pause * 2)
            else:
                try:
                    await self._make(setting, change)
                except (Refused, AccessDenied, Unreachable) as error:
                    declined = error  # unless AWS shows the change all the same: an answer may have been lost
                made.add(change.label)
                since, pause = self._now(), 0.2
            await self._wait()

    def _ended(
        self, setting: Setting, desired: Any, existing: Any, answer: Any, seconds: float
    ) -> Result | None:
        """What AWS shows so long after a change: that it is there, that it was given up, or nothing yet."""
        if gave_up := setting.failure(desired, answer):
            return _failed(setting, gave_up)
        in_progress = setting.in_progress(desired, answer)
        if not in_progress and self._is_settled(setting, desired, existing):
            return Result(setting.name, "put back", setting.note(_answer(setting, self.inputs.recorded)))
        if seconds > (UNDER_WAY_SECONDS if in_progress else SHOWN_SECONDS):
            still = "is still at it" if in_progress else "does not show it"
            return _failed(setting, f"AWS took the change, but {still} {int(seconds)} seconds later")
        return None

    def _left(self, setting: Setting, desired: Any, existing: Any) -> tuple[list[Change], Refused | None]:
        """What can be done, though some of it (an index that the target lacks) cannot."""
        left: list[Change] = []
        try:
            for change in setting.changes(desired, existing, self.table):
                left.append(change)
        except Refused as error:
            return left, error
        return left, None

    def _is_settled(self, setting: Setting, desired: Any, existing: Any) -> bool:
        try:
            return setting.settled(desired, existing, self.table)
        except Refused:
            return False

    def _now(self) -> float:
        return self.ask.context.clock.monotonic()

    def _nothing_to_do(self, setting: Setting) -> Result:
        with_the_table = (
            self.inputs.made and setting.phase == "creation" and setting.default_policy != "always"
        )
        if with_the_table:
            note = setting.note(_answer(setting, self.inputs.recorded))
            return Result(setting.name, "put back", "; ".join(filter(None, ("made with the table", note))))
        return Result(setting.name, "unchanged")

    async def _existing(self, setting: Setting) -> tuple[ObservedSetting, Any]:
        """What the target has, in its normal form and as AWS says it; the scene is of that moment from then on."""
        now, answer = SettingsSnapshot(self.table.description, {}), self.table.description
        if setting.has_own_api:
            reading = await read_setting(self.ask, setting, self.table)
            now, answer = SettingsSnapshot(self.table.description, {setting.name: reading}), reading.value
        self.inputs = replace(self.inputs, target=now)
        return setting.reading(now), answer

    async def _wait(self) -> None:
        self.table = await wait_for_table(self.ask, self.table.name, until="idle")
        self.inputs = replace(self.inputs, target=SettingsSnapshot(self.table.description, {}))

    async def _make(self, setting: Setting, change: Change) -> None:
        await self.ask(change.operation, change.call)
        log.info(events.SETTING_PUT_BACK, setting=setting.name, what=change.label, target=self.table.name)


def _unreadable(setting: Setting, existing: ObservedSetting) -> DdbBackupError:
    kind = Refused if existing.reason in ("denied", "unsupported") else StepFailed
    return kind(
        f"what the target has of its {setting.title} could not be read: {existing.message}",
        hint="see that it can be read where the target is, then run again",
    )


def _failed(setting: Setting, why: str) -> Result:
    return Result(setting.name, "failed", why, missing=True)


def _answer(setting: Setting, recorded: SettingsSnapshot) -> Any:
    if not setting.has_own_api:
        return recorded.description
    reading = (recorded.readings or {}).get(setting.name)
    return reading.value if reading else None
