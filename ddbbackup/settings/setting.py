"""What a table setting is: how it is read, compared and changed. One file per setting; ``SETTINGS`` lists them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar

from ddbbackup.catalog.observed_setting import NOT_READ, ObservedSetting, Reason
from ddbbackup.errors import Refused
from ddbbackup.model.json_value import Json, JsonObject
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.settings.relocation import Relocation
from ddbbackup.steps.aws_caller import AwsCaller
from ddbbackup.steps.permissions import On
from ddbbackup.steps.retry import CONTROL_PLANE, RetryPolicy

V = TypeVar("V")

IamResource = Literal["table", "index", "stream"]
"""What the actions of a setting are allowed on."""


@dataclass(frozen=True, slots=True)
class SettingsSnapshot:
    """All settings of one table at one time.

    ``description`` is the response of DescribeTable, ``observed`` the settings that it does not include, by name.
    """

    description: JsonObject = field(default_factory=dict)
    observed: Mapping[str, ObservedSetting] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApplyInputs:
    """What is applied to which table.

    ``target`` is the state of the target now, or as it will be created. ``requested`` are the names of the settings
    to apply, ``named`` those of them that were requested by name and not by ``all`` or by default. ``created``: the
    target did not exist before. ``allowed`` are accounts that may get access to the target (``*``: everyone).
    ``is_live``: the settings are those of the live table, not of a record.
    """

    relocation: Relocation
    recorded: SettingsSnapshot
    target: SettingsSnapshot
    requested: frozenset[str]
    named: frozenset[str] = frozenset()
    billing_mode: str | None = None
    created: bool = False
    allowed: frozenset[str] = frozenset()
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class Observed(Generic[V]):
    """One setting of one table in normal form. ``value`` is None if it is not set, or unknown for ``reason``."""

    value: V | None = None
    reason: Reason | None = None
    message: str = ""

    @property
    def is_unknown(self) -> bool:
        return self.reason is not None

    @property
    def is_absent(self) -> bool:
        return self.value is None and self.reason is None


@dataclass(frozen=True, slots=True)
class Change:
    """One call that changes the target. ``label`` tells the changes of one setting apart."""

    label: str
    operation: str
    call: Callable[[Cloud], None]
    policy: RetryPolicy = CONTROL_PLANE


class Skipped(Exception):
    """The setting is not applied, for a reason that is no failure."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Setting(ABC, Generic[V]):
    """One setting. ``V`` is its normal form: equal for two tables with the same setting.

    A normal form has no times, no states and no ARNs of the table itself. None is the normal form of a setting that
    is not set.
    """

    name: ClassVar[str]  # as in `to.settings`
    title: ClassVar[str]  # as in messages
    phase: ClassVar[Literal["creation", "after the data", "after everything"]]
    default_policy: ClassVar[Literal["always", "by default", "when requested"]] = "when requested"
    describe_fields: ClassVar[frozenset[str]] = frozenset()  # members of DescribeTable's Table
    has_own_api: ClassVar[bool] = False  # DescribeTable does not return it; see SettingWithApi
    read_actions: ClassVar[tuple[str, ...]] = ("dynamodb:DescribeTable",)
    write_actions: ClassVar[tuple[str, ...]] = ()
    iam_resources: ClassVar[tuple[IamResource, ...]] = ("table",)
    actions_by_aws: ClassVar[
        tuple[tuple[str, On], ...]
    ] = ()  # that AWS takes in the caller's name when it is applied
    limitations: ClassVar[str] = ""  # when it cannot be applied, for the reference page
    attempts: ClassVar[int] = 1  # how often a change is made that AWS accepted, but does not return
    visible_seconds: ClassVar[float] = 180.0  # how long AWS may take to return a change that it accepted

    @abstractmethod
    def normalize(self, response: Json) -> V | None:
        """The normal form of a table's description, or of the response of ``SettingWithApi.read``."""

    def observe(self, snapshot: SettingsSnapshot) -> Observed[V]:
        """The setting of a table in normal form. Raises ``StepFailed`` if the response has an unexpected type."""
        if not snapshot.description:
            return not_read()
        return Observed(self.normalize(snapshot.description))

    def recorded_response(self, snapshot: SettingsSnapshot) -> Json:
        """The response that ``normalize`` gets, for ``note``."""
        return snapshot.description

    def desired(self, value: V, inputs: ApplyInputs) -> V:
        """What the target should have, given what the backed-up table had.

        Raises ``Refused`` if the target cannot have it, ``Skipped`` if it should not.
        """
        return value

    def note(self, response: Json) -> str:
        """What the user should know after the setting was applied. ``response`` is as for ``normalize``."""
        return ""

    def add_to_creation(self, definition: JsonObject, desired: V) -> JsonObject:
        """The input of CreateTable with this setting added."""
        return definition

    @abstractmethod
    def changes(self, desired: V, existing: V | None, target: TableFacts) -> Iterator[Change]:
        """The calls that turn ``existing`` into ``desired``. Raises ``Refused`` and ``Skipped``."""

    def settled(self, desired: V, existing: V | None, target: TableFacts) -> bool:
        """Whether AWS returns what was changed."""
        return not list(self.changes(desired, existing, target))

    def in_progress(self, desired: V, response: Json) -> bool:
        """Whether AWS is still working on an accepted change, and it may still fail."""
        return False

    def failure(self, desired: V, response: Json) -> str | None:
        """Why an accepted change failed."""
        return None


class SettingWithApi(Setting[V]):
    """A setting that DescribeTable does not return; it has API operations of its own."""

    has_own_api = True

    @abstractmethod
    async def read(self, call_aws: AwsCaller, table: TableFacts) -> Json:
        """The response of AWS, as it is recorded. None if AWS has no such setting for the table."""

    def observe(self, snapshot: SettingsSnapshot) -> Observed[V]:
        observed = snapshot.observed.get(self.name, NOT_READ)
        if observed.state == "unknown":
            return Observed(reason=observed.reason, message=observed.message)
        return Observed(self.normalize(observed.value))

    def recorded_response(self, snapshot: SettingsSnapshot) -> Json:
        observed = snapshot.observed.get(self.name, NOT_READ)
        response: Json = observed.value
        return response


AnySetting: TypeAlias = Setting[Any]
"""A setting whose normal form only itself knows."""


def not_read() -> Observed[V]:
    return Observed(reason=NOT_READ.reason, message=NOT_READ.message)


def refusal(setting: AnySetting, why: str, hint: str) -> Refused:
    return Refused(f"{setting.title} cannot be applied: {why}", hint=hint)


def update_table(label: str, target: TableFacts, change: JsonObject) -> Change:
    """One UpdateTable. AWS accepts one kind of change per call (observed on AWS)."""
    return Change(label, "UpdateTable", lambda cloud: cloud.settings.update_table(target.name, change))
