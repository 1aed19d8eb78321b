"""Applies the settings of a table one after the other: read, change, wait, read until AWS returns the change.

Each requested setting is read first. A run that was interrupted therefore continues where it stopped, and what the
target already has is not changed. Nothing is removed from the target.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import AccessDenied, DdbBackupError, Refused, StepFailed, TimedOut, Unreachable
from ddbbackup.model.json_value import Json
from ddbbackup.model.progress import Progress
from ddbbackup.ports import TableFacts
from ddbbackup.settings import SETTINGS
from ddbbackup.settings.plan_changes import ALWAYS, SettingResult, decide, pending_changes, refused
from ddbbackup.settings.read import read_setting
from ddbbackup.settings.setting import (
    AnySetting,
    ApplyInputs,
    Change,
    Observed,
    Setting,
    SettingsSnapshot,
    SettingWithApi,
    Skipped,
    V,
)
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.poll import PollPolicy, poll
from ddbbackup.steps.table_wait import wait_for_table

log = structlog.get_logger()

IN_PROGRESS_SECONDS: Final = 900.0
_POLL: Final = PollPolicy(first_seconds=0.2, growth=2.0, give_up_seconds=IN_PROGRESS_SECONDS)


@dataclass(frozen=True, slots=True)
class _Progress:
    """One setting of the target, compared with what it should be.

    ``changes`` are still to be made; ``refusal`` says why others cannot be. ``settled``: AWS returns the desired
    setting. ``in_progress`` and ``failure`` are of a change that AWS accepted.
    """

    changes: list[Change]
    refusal: Refused | None
    settled: bool
    in_progress: bool
    failure: str | None

    def awaits(self, change: Change) -> bool:
        """Whether AWS does not return the change yet."""
        if self.settled:
            return False
        return self.refusal is not None or change.label in {each.label for each in self.changes}


class SettingsApplier:
    """Applies ``inputs`` to one target. ``table`` is the latest description of the target."""

    def __init__(self, call_aws: AwsCaller, inputs: ApplyInputs, table: TableFacts) -> None:
        self.call_aws = call_aws
        self.inputs = inputs
        self.table = table

    async def apply_all(self) -> list[SettingResult]:
        """A ``SettingResult`` for each setting. An error in one of them does not stop the others."""
        if self.inputs.requested - ALWAYS:
            await self._wait_until_idle()
        results = []
        for setting in SETTINGS:
            if setting.name in self.inputs.requested:
                self.call_aws.context.on_progress(
                    Progress(self.table.name, "settings", 0, None, reason=setting.title)
                )
            result = replace(await self._result(setting), requested=setting.name in self.inputs.requested)
            if result.missing:
                log.warning(
                    events.SETTING_REFUSED,
                    setting=result.setting,
                    status=result.status,
                    reason=result.reason,
                )
            results.append(result)
        return results

    async def _result(self, setting: AnySetting) -> SettingResult:
        try:
            return await self._apply(setting)
        except Skipped as skipped:
            return SettingResult(setting.name, "skipped", skipped.reason)
        except (Refused, AccessDenied) as error:
            return refused(setting, error)
        except DdbBackupError as error:
            return _failed(setting, f"{error.message}; {error.hint}")

    async def _apply(self, setting: Setting[V]) -> SettingResult:
        """Makes the changes of one setting, one at a time, then waits until AWS returns all of them.

        Raises ``Refused`` for what cannot be changed after everything else was.
        """
        progress = await self._read_progress(setting)
        if isinstance(progress, SettingResult):
            return progress
        if not progress.changes and not progress.in_progress:
            if progress.refusal is not None:
                raise progress.refusal
            return self._nothing_to_do(setting)
        for attempt in range(1, setting.attempts + 1):
            for change in progress.changes:
                await self._make(setting, change, may_fail=attempt < setting.attempts)
            result = await self._wait_until_visible(setting)
            if result is not None:
                return result
            progress = await self._read_progress(setting)
            if isinstance(progress, SettingResult):
                return progress
        return _failed(
            setting,
            f"AWS accepted the change, but did not return it within {setting.visible_seconds:.0f} seconds",
        )

    async def _make(self, setting: Setting[V], change: Change, *, may_fail: bool) -> None:
        """Makes one change and waits until the table accepts the next one.

        Raises what AWS refuses, unless AWS returns the change all the same: only the response was lost then.
        ``may_fail``: the change is made again, so an error of the service is not raised.
        """
        try:
            await self.call_aws(change.operation, change.call, policy=change.policy)
        except (Refused, AccessDenied, Unreachable) as error:
            await self._wait_until_idle()
            progress = await self._read_progress(setting)
            if isinstance(progress, SettingResult):
                raise
            if progress.awaits(change):
                if may_fail and isinstance(error, Unreachable):
                    return
                raise
        log.info(events.SETTING_APPLIED, setting=setting.name, what=change.label, target=self.table.name)
        await self._wait_until_idle()

    async def _wait_until_visible(self, setting: Setting[V]) -> SettingResult | None:
        """Waits until AWS returns the changes, or reports that one failed. None if it does neither.

        AWS may return tags and policies some seconds late (botocore's model: TagResource, PutResourcePolicy).
        """
        clock = self.call_aws.context.clock
        since = clock.monotonic()

        async def look() -> SettingResult | _Progress:
            await self._wait_until_idle()
            return await self._read_progress(setting)

        def is_over(progress: SettingResult | _Progress) -> bool:
            if isinstance(progress, SettingResult) or progress.failure is not None:
                return True
            if progress.in_progress:
                return False
            only_refused = progress.refusal is not None and not progress.changes
            return progress.settled or only_refused or clock.monotonic() - since > setting.visible_seconds

        progress = await poll(
            self.call_aws.context,
            setting.read_actions[-1].partition(":")[2],
            look,
            until=is_over,
            policy=_POLL,
            timed_out=lambda _: TimedOut(
                f"AWS accepted the change of {setting.title}, which is still in progress after "
                f"{clock.monotonic() - since:.0f} seconds",
                hint="run the restore again when it is complete: it continues with the settings",
            ),
            announce=lambda _: self.call_aws.context.on_progress(
                Progress(self.table.name, "await", 0, None, reason=setting.title)
            ),
        )
        if isinstance(progress, SettingResult):
            return progress
        if progress.failure is not None:
            return _failed(setting, progress.failure)
        if progress.settled:
            note = setting.note(setting.recorded_response(self.inputs.recorded))
            return SettingResult(setting.name, "applied", note)
        if progress.refusal is not None and not progress.changes:
            raise progress.refusal
        return None

    def _nothing_to_do(self, setting: Setting[V]) -> SettingResult:
        inputs = self.inputs
        if inputs.created and setting.phase == "creation" and setting.default_policy != "always":
            note = setting.note(setting.recorded_response(inputs.recorded))
            return SettingResult(setting.name, "applied", "; ".join(filter(None, ("set at creation", note))))
        return SettingResult(setting.name, "unchanged")

    async def _read_progress(self, setting: Setting[V]) -> SettingResult | _Progress:
        """Reads the setting. A ``SettingResult`` if nothing has to be done. Raises if it cannot be read."""
        existing, response = await self._read(setting)
        decision = decide(setting, self.inputs)
        if isinstance(decision, SettingResult):
            return decision
        if existing.is_unknown:
            raise _unreadable(setting, existing)
        changes, refusal = pending_changes(setting, decision.value, existing.value, self.table)
        try:
            settled = setting.settled(decision.value, existing.value, self.table)
        except Refused:
            settled = False
        return _Progress(
            changes,
            refusal,
            settled,
            setting.in_progress(decision.value, response),
            setting.failure(decision.value, response),
        )

    async def _read(self, setting: Setting[V]) -> tuple[Observed[V], Json]:
        """What the target has now, in normal form and as AWS returned it. ``inputs`` has it from then on.

        A setting that is not requested is not read.
        """
        snapshot = SettingsSnapshot(self.table.description)
        if isinstance(setting, SettingWithApi) and setting.name in self.inputs.requested:
            observed = await read_setting(self.call_aws, setting, self.table)
            snapshot = replace(snapshot, observed={setting.name: observed})
        self.inputs = replace(self.inputs, target=snapshot)
        return setting.observe(snapshot), setting.recorded_response(snapshot)

    async def _wait_until_idle(self) -> None:
        self.table = await wait_for_table(self.call_aws, self.table.name, until="idle")
        self.inputs = replace(self.inputs, target=SettingsSnapshot(self.table.description))


def _unreadable(setting: Setting[V], existing: Observed[V]) -> DdbBackupError:
    kind = Refused if existing.reason in ("denied", "unsupported") else StepFailed
    action = setting.read_actions[-1]
    hints = {
        "denied": f"allow {action} on the target, then run the restore again",
        "unsupported": f"remove `{setting.name}` from `to.settings`: the endpoint does not support {action}",
    }
    return kind(
        f"could not read the {setting.title} of the target: {existing.message}",
        hint=hints.get(existing.reason or "", "run the restore again: it continues with the settings"),
    )


def _failed(setting: AnySetting, reason: str) -> SettingResult:
    return SettingResult(setting.name, "failed", reason, missing=True)
