"""What a restore wants of a table's settings, and what it can have: pure, for the run and for ``preview`` alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ddbbackup.catalog.reading import ABSENT, NOT_READ, Reading
from ddbbackup.errors import DdbBackupError, Refused
from ddbbackup.plan.model import Restore
from ddbbackup.ports import TableFacts
from ddbbackup.steps.settings import SETTINGS, WORDS
from ddbbackup.steps.settings.move import Move
from ddbbackup.steps.settings.setting import Known, Scene, Setting, Skipped

ALWAYS: Final = frozenset(setting.name for setting in SETTINGS if setting.chosen == "always")
BY_DEFAULT: Final = frozenset(setting.name for setting in SETTINGS if setting.chosen == "by default")
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


def scene_of(
    restore: Restore,
    *,
    source_arn: str,
    recorded: Known,
    target_arn: str,
    target: Known,
    made: bool,
) -> Scene:
    """``made``: the restore makes the table itself, so that what the plan does not name comes by default."""
    wish = restore.target.settings
    named = frozenset(wish) if isinstance(wish, tuple) else frozenset[str]()
    asked = {
        "all": frozenset(WORDS),
        "none": frozenset[str](),
        None: BY_DEFAULT if made else frozenset[str](),
    }
    return Scene(
        move=Move.between(source_arn, target_arn),
        recorded=recorded,
        target=target,
        asked=ALWAYS | (named if isinstance(wish, tuple) else asked[wish]),
        named=named,
        billing_mode=restore.target.billing_mode,
        made=made,
    )


def made_with(definition: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
    """CreateTable's input with what can be made with the table.

    Raises ``Refused`` if the plan wants the encryption of the backed-up table and the target cannot have it: no
    table is made that is encrypted less.
    """
    made = dict(definition)
    wanted = replace(scene, target=Known({"BillingModeSummary": {"BillingMode": made.get("BillingMode")}}))
    for setting in SETTINGS:
        reading = setting.reading(scene.recorded)
        if setting.name not in scene.asked or setting.at != "creation" or reading.state != "present":
            continue
        try:
            made = setting.at_creation(made, setting.aim(reading.value, wanted))
        except Skipped:
            continue
        except Refused:
            if setting.name == "encryption":
                raise
    return made


def before_the_call(setting: Setting, scene: Scene) -> Result | Any:
    """A ``Result`` if nothing has to be done or can be; else what the target should have."""
    recorded, existing = setting.reading(scene.recorded), setting.reading(scene.target)
    if recorded.state == "absent" and existing.state == "present":
        return Result(setting.name, "skipped", "the backed-up table had none; what the target has is left")
    if recorded.state == "absent":
        return Result(setting.name, "unchanged", "the backed-up table had none")
    if setting.name not in scene.asked:
        if existing == recorded and recorded.state == "present":
            return Result(setting.name, "unchanged")
        return Result(setting.name, "skipped", "the plan does not ask for it")
    if recorded.state == "unknown":
        return _unknown(setting, recorded)
    try:
        return setting.aim(recorded.value, scene)
    except Skipped as skipped:
        return Result(setting.name, "skipped", skipped.reason)
    except Refused as error:
        return refused(setting, error)


def refused(setting: Setting, error: DdbBackupError) -> Result:
    return Result(setting.name, "refused", f"{error.message}; {error.hint}", missing=True)


def _unknown(setting: Setting, recorded: Reading) -> Result:
    """Missing, unless where the backup was made there was no such thing."""
    missing = setting.name not in ALWAYS and recorded.reason != "unsupported"
    return Result(setting.name, "unknown", f"{recorded.reason}: {recorded.message}", missing=missing)


def newer_settings(description: Mapping[str, Any]) -> tuple[Result, ...]:
    """Members of the recorded description that this version does not know. They are kept, not put back."""
    known = _OF_ONE_TABLE.union(*(setting.members for setting in SETTINGS))
    reason = "this version of ddbbackup does not know it; the record keeps it as AWS told it"
    return tuple(Result(member, "unknown", reason) for member in sorted(set(description) - known))


def differences(scene: Scene, target: TableFacts) -> tuple[Difference, ...]:
    """The recorded settings beside those that the target has now, for ``preview``. Pure."""
    return tuple(_difference(setting, scene, target) for setting in SETTINGS)


def _difference(setting: Setting, scene: Scene, target: TableFacts) -> Difference:
    recorded, existing = setting.reading(scene.recorded), setting.reading(scene.target)
    values = (recorded.value, existing.value)
    if recorded == existing == ABSENT:
        return Difference(setting.name, "same", None, None)
    found = before_the_call(setting, scene)
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


def known_of(description: Mapping[str, Any], readings: Mapping[str, Reading] | None) -> Known:
    """Of a record: one without a description says nothing of any setting."""
    return Known(description, readings if description else {s.name: NOT_READ for s in SETTINGS})
