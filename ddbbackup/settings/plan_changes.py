"""Which settings are requested, and what each of them needs: pure, for the run and for ``preview`` alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, Literal, TypeAlias

from ddbbackup.errors import DdbBackupError, Refused
from ddbbackup.model.json_value import JsonObject
from ddbbackup.ports import TableFacts
from ddbbackup.settings import SETTING_NAMES, SETTINGS
from ddbbackup.settings.relocation import Relocation
from ddbbackup.settings.setting import (
    AnySetting,
    ApplyInputs,
    Change,
    Setting,
    SettingsSnapshot,
    Skipped,
    V,
)

Selection: TypeAlias = Literal["all", "none"] | tuple[str, ...] | None
"""As in `to.settings`: all, none, by name, or None for the default."""

ALWAYS: Final = frozenset(setting.name for setting in SETTINGS if setting.default_policy == "always")
BY_DEFAULT: Final = frozenset(setting.name for setting in SETTINGS if setting.default_policy == "by default")
# Members of DescribeTable's Table that describe one table at one time. They are not settings.
_NO_SETTINGS: Final = frozenset(
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

Status = Literal["applied", "unchanged", "skipped", "refused", "failed", "unknown"]
Verdict = Literal["same", "would be applied", "skipped", "refused", "unknown"]
_VERDICTS: Final[dict[Status, Verdict]] = {
    "applied": "same",
    "unchanged": "same",
    "skipped": "skipped",
    "refused": "refused",
    "failed": "refused",
    "unknown": "unknown",
}


@dataclass(frozen=True, slots=True)
class SettingResult:
    """The result for one setting. ``missing``: it is requested, and the target does not have it."""

    setting: str
    status: Status
    reason: str = ""
    requested: bool = False
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Desired(Generic[V]):
    """What the target should have."""

    value: V


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting, recorded and existing in normal form. ``verdict`` is what a run would do."""

    setting: str
    verdict: Verdict
    recorded: object
    existing: object
    reason: str = ""


def requested_settings(selection: Selection, *, created: bool) -> frozenset[str]:
    """The names that a selection requests of a target that is ``created``, or exists already."""
    if isinstance(selection, tuple):
        return ALWAYS | frozenset(selection)
    match selection:
        case "all":
            return ALWAYS | frozenset(SETTING_NAMES)
        case "none":
            return ALWAYS
        case None:
            return ALWAYS | BY_DEFAULT if created else ALWAYS


def apply_inputs(
    *,
    source_arn: str,
    recorded: SettingsSnapshot,
    target_arn: str,
    target: SettingsSnapshot,
    selection: Selection,
    billing_mode: str | None,
    created: bool,
    allowed: Sequence[str] = (),
    is_live: bool = False,
) -> ApplyInputs:
    """``billing_mode`` overrides the recorded one. For the others see ``ApplyInputs``."""
    return ApplyInputs(
        relocation=Relocation.between(source_arn, target_arn),
        recorded=recorded,
        target=target,
        requested=requested_settings(selection, created=created),
        named=frozenset(selection) if isinstance(selection, tuple) else frozenset(),
        billing_mode=billing_mode,
        created=created,
        allowed=frozenset(allowed),
        is_live=is_live,
    )


def creation_input(definition: JsonObject, inputs: ApplyInputs) -> JsonObject:
    """The input of CreateTable with all settings that it accepts added to ``definition``.

    Raises ``Refused`` if encryption is requested and not possible for the target: no table is created that is less
    encrypted than the backed-up one.
    """
    mode = definition.get("BillingMode")
    inputs = replace(inputs, target=SettingsSnapshot({"BillingModeSummary": {"BillingMode": mode}}))
    for setting in SETTINGS:
        if setting.name in inputs.requested and setting.phase == "creation":
            definition = _add_to_creation(setting, definition, inputs)
    return definition


def _add_to_creation(setting: Setting[V], definition: JsonObject, inputs: ApplyInputs) -> JsonObject:
    recorded = setting.observe(inputs.recorded)
    if recorded.value is None:
        return definition
    try:
        return setting.add_to_creation(definition, setting.desired(recorded.value, inputs))
    except Skipped:
        return definition
    except Refused:
        if setting.name == "encryption":
            raise
        return definition


def decide(setting: Setting[V], inputs: ApplyInputs) -> SettingResult | Desired[V]:
    """A ``SettingResult`` if there is nothing to do or nothing can be done."""
    recorded, existing = setting.observe(inputs.recorded), setting.observe(inputs.target)
    if recorded.is_absent and existing.value is not None:
        return SettingResult(
            setting.name, "skipped", "not set on the backed-up table; the target keeps its own"
        )
    if recorded.is_absent:
        return SettingResult(setting.name, "unchanged", "not set on the backed-up table")
    if setting.name not in inputs.requested:
        if existing == recorded and recorded.value is not None:
            return SettingResult(setting.name, "unchanged")
        return SettingResult(setting.name, "skipped", "not requested by the plan")
    if recorded.value is None:
        # Where the backup was taken the endpoint did not have such a setting, so nothing is missing.
        missing = setting.name not in ALWAYS and recorded.reason != "unsupported"
        reason = f"{recorded.reason}: {recorded.message}"
        return SettingResult(setting.name, "unknown", reason, missing=missing)
    try:
        return Desired(setting.desired(recorded.value, inputs))
    except Skipped as skipped:
        return SettingResult(setting.name, "skipped", skipped.reason)
    except Refused as error:
        return refused(setting, error)


def refused(setting: AnySetting, error: DdbBackupError) -> SettingResult:
    return SettingResult(setting.name, "refused", f"{error.message}; {error.hint}", missing=True)


def pending_changes(
    setting: Setting[V], desired: V, existing: V | None, target: TableFacts
) -> tuple[list[Change], Refused | None]:
    """The changes to make, and why others cannot be made, such as those of an index that the target does not have."""
    changes: list[Change] = []
    try:
        for change in setting.changes(desired, existing, target):
            changes.append(change)
    except Refused as error:
        return changes, error
    return changes, None


def newer_settings(description: JsonObject) -> tuple[SettingResult, ...]:
    """The members of a recorded description that this version does not know. The record keeps them."""
    known = _NO_SETTINGS.union(*(setting.describe_fields for setting in SETTINGS))
    reason = "this version of ddbbackup does not support it; the record contains it as AWS returned it"
    return tuple(SettingResult(member, "unknown", reason) for member in sorted(set(description) - known))


def differences(inputs: ApplyInputs, target: TableFacts) -> tuple[Difference, ...]:
    """The recorded settings compared with those of the target, for ``preview``. Pure."""
    return tuple(_difference(setting, inputs, target) for setting in SETTINGS)


def _difference(setting: AnySetting, inputs: ApplyInputs, target: TableFacts) -> Difference:
    """What a run would do. As in a run, an error in one setting does not stop the others."""
    try:
        return _compare(setting, inputs, target)
    except Refused as error:
        return Difference(setting.name, "refused", None, None, f"{error.message}; {error.hint}")
    except DdbBackupError as error:
        return Difference(setting.name, "unknown", None, None, f"{error.message}; {error.hint}")


def _compare(setting: Setting[V], inputs: ApplyInputs, target: TableFacts) -> Difference:
    recorded, existing = setting.observe(inputs.recorded), setting.observe(inputs.target)
    values = (recorded.value, existing.value)
    if recorded.is_absent and existing.is_absent:
        return Difference(setting.name, "same", *values)
    decision = decide(setting, inputs)
    if isinstance(decision, SettingResult):
        if decision.status == "skipped" and recorded.value is not None and existing == recorded:
            return Difference(setting.name, "same", *values)
        return Difference(setting.name, _VERDICTS[decision.status], *values, decision.reason)
    if existing.is_unknown:
        return Difference(setting.name, "unknown", *values, f"{existing.reason}: {existing.message}")
    try:
        changes = list(setting.changes(decision.value, existing.value, target))
    except Skipped as skipped:
        return Difference(setting.name, "skipped", *values, skipped.reason)
    except Refused as error:
        return Difference(setting.name, "refused", *values, f"{error.message}; {error.hint}")
    return Difference(setting.name, "would be applied" if changes else "same", *values)
