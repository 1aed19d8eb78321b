"""What a restore wants of a table's settings, and what it can have: pure, for the run and for ``preview`` alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ddbbackup.catalog.observed_setting import ABSENT, NOT_READ, ObservedSetting
from ddbbackup.errors import DdbBackupError, Refused
from ddbbackup.plan.model import Restore
from ddbbackup.ports import TableFacts
from ddbbackup.settings import SETTINGS, WORDS
from ddbbackup.settings.relocation import Relocation
from ddbbackup.settings.setting import ApplyInputs, Setting, SettingsSnapshot, Skipped

ALWAYS: Final = frozenset(setting.name for setting in SETTINGS if setting.default_policy == "always")
BY_DEFAULT: Final = frozenset(setting.name for setting in SETTINGS if setting.default_policy == "by default")
# Members of DescribeTable's answer that tell of one table at one time, and are no setting.
_OF_ONE_TABLE: Final = frozenset(
    {
        "TableName",
        "TableArn",
        "TableId",
        "TableStatus",
        "CreationDateTime",
        "ItemCount",
        "TableSizeBytes",
        "LatestStreamArn",
        "LatestStreamLabel",
        "RestoreSummary",
        "ArchivalSummary",
    }
)

Status = Literal["put back", "unchanged", "skipped", "refused", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one setting. ``asked``: the plan wants it; ``missing``: it does, and the target lacks it."""

    setting: str
    status: Status
    reason: str = ""
    asked: bool = False
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting as it was recorded and as the target has it, in normal form; ``verdict`` is what a run does."""

    setting: str
    verdict: Literal["same", "would be put back", "skipped", "refused", "unknown"]
    recorded: Any
    existing: Any
    reason: str = ""


def apply_inputs(
    restore: Restore,
    *,
    source_arn: str,
    recorded: SettingsSnapshot,
    target_arn: str,
    target: SettingsSnapshot,
    made: bool,
) -> ApplyInputs:
    """``made``: the restore makes the table itself, so that what the plan does not name comes by default."""
    wish = restore.target.settings
    named = frozenset(wish) if isinstance(wish, tuple) else frozenset[str]()
    asked = {
        "all": frozenset(WORDS),
        "none": frozenset[str](),
        None: BY_DEFAULT if made else frozenset[str](),
    }
    return ApplyInputs(
        move=Relocation.between(source_arn, target_arn),
        recorded=recorded,
        target=target,
        asked=ALWAYS | (named if isinstance(wish, tuple) else asked[wish]),
        named=named,
        billing_mode=restore.target.billing_mode,
        made=made,
    )


def creation_input(definition: Mapping[str, Any], inputs: ApplyInputs) -> dict[str, Any]:
    """CreateTable's input with what can be made with the table.

    Raises ``Refused`` if the plan wants the encryption of the backed-up table and the target cannot have it: no
    table is made that is encrypted less.
    """
    made = dict(definition)
    wanted = replace(
        inputs, target=SettingsSnapshot({"BillingModeSummary": {"BillingMode": made.get("BillingMode")}})
    )
    for setting in SETTINGS:
        reading = setting.reading(inputs.recorded)
        if setting.name not in inputs.asked or setting.phase != "creation" or reading.state != "present":
            continue
        try:
            made = setting.add_to_creation(made, setting.desired(reading.value, wanted))
        except Skipped:
            continue
        except Refused:
            if setting.name == "encryption":
                raise
    return made


def decide(setting: Setting, inputs: ApplyInputs) -> Result | Any:
    """A ``Result`` if nothing has to be done or can be; else what the target should have."""
    recorded, existing = setting.reading(inputs.recorded), setting.reading(inputs.target)
    if recorded.state == "absent" and existing.state == "present":
        return Result(setting.name, "skipped", "the backed-up table had none; what the target has is left")
    if recorded.state == "absent":
        return Result(setting.name, "unchanged", "the backed-up table had none")
    if setting.name not in inputs.asked:
        if existing == recorded and recorded.state == "present":
            return Result(setting.name, "unchanged")
        return Result(setting.name, "skipped", "the plan does not ask for it")
    if recorded.state == "unknown":
        return _unknown(setting, recorded)
    try:
        return setting.desired(recorded.value, inputs)
    except Skipped as skipped:
        return Result(setting.name, "skipped", skipped.reason)
    except Refused as error:
        return refused(setting, error)


def refused(setting: Setting, error: DdbBackupError) -> Result:
    return Result(setting.name, "refused", f"{error.message}; {error.hint}", missing=True)


def _unknown(setting: Setting, recorded: ObservedSetting) -> Result:
    """Missing, unless where the backup was made there was no such thing."""
    missing = setting.name not in ALWAYS and recorded.reason != "unsupported"
    return Result(setting.name, "unknown", f"{recorded.reason}: {recorded.message}", missing=missing)


def newer_settings(description: Mapping[str, Any]) -> tuple[Result, ...]:
    """Members of the recorded description that this version does not know. They are kept, not put back."""
    known = _OF_ONE_TABLE.union(*(setting.describe_fields for setting in SETTINGS))
    reason = "this version of ddbbackup does not know it; the record keeps it as AWS told it"
    return tuple(Result(member, "unknown", reason) for member in sorted(set(description) - known))


def differences(inputs: ApplyInputs, target: TableFacts) -> tuple[Difference, ...]:
    """The recorded settings beside those that the target has now, for ``preview``. Pure."""
    return tuple(_difference(setting, inputs, target) for setting in SETTINGS)


def _difference(setting: Setting, inputs: ApplyInputs, target: TableFacts) -> Difference:
    recorded, existing = setting.reading(inputs.recorded), setting.reading(inputs.target)
    values = (recorded.value, existing.value)
    if recorded == existing == ABSENT:
        return Difference(setting.name, "same", None, None)
    found = decide(setting, inputs)
    if isinstance(found, Result):
        if recorded.state == "present" and existing == recorded and found.status == "skipped":
            return Difference(setting.name, "same", *values)
        verdict: Any = "same" if found.status == "unchanged" else found.status
        return Difference(setting.name, verdict, *values, found.reason)
    if existing.state == "unknown":
        return Difference(setting.name, "unknown", *values, f"{existing.reason}: {existing.message}")
    try:
        left = list(setting.changes(found, existing.value, target))
    except Skipped as skipped:
        return Difference(setting.name, "skipped", *values, skipped.reason)
    except Refused as error:
        return Difference(setting.name, "refused", *values, f"{error.message}; {error.hint}")
    return Difference(setting.name, "would be put back" if left else "same", *values)


def recorded_snapshot(
    description: Mapping[str, Any], readings: Mapping[str, ObservedSetting] | None
) -> SettingsSnapshot:
    """Of a record: one without a description says nothing of any setting."""
    return SettingsSnapshot(description, readings if description else {s.name: NOT_READ for s in SETTINGS})
