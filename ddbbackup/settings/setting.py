"""What a setting is: how it is read, compared, and put back. One small file each; ``SETTINGS`` has their order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ddbbackup.catalog.observed_setting import NOT_READ, ObservedSetting, present
from ddbbackup.errors import Refused
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.settings.relocation import Relocation
from ddbbackup.steps.aws_caller import AwsCaller

Part = Literal["table", "index", "stream"]


@dataclass(frozen=True, slots=True)
class SettingsSnapshot:
    """What is known of one table at one time: DescribeTable's answer, and what it does not say by setting."""

    description: Mapping[str, Any] = field(default_factory=dict)
    readings: Mapping[str, ObservedSetting] | None = None


@dataclass(frozen=True, slots=True)
class ApplyInputs:
    """One putting back: from where to where, out of what, into what.

    ``target`` is what the table has now, or will have been made with; ``made``: by this restore. ``asked`` are
    the names of settings that the plan wants, ``named`` those of them that it names one by one.
    """

    move: Relocation
    recorded: SettingsSnapshot
    target: SettingsSnapshot
    asked: frozenset[str]
    named: frozenset[str] = frozenset()
    billing_mode: str | None = None
    made: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One call that brings the target nearer; ``label`` tells the changes of one setting apart."""

    label: str
    operation: str
    call: Callable[[Cloud], None]


class Skipped(Exception):
    """The setting is left alone for a good reason, which is no failure."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Setting(ABC):
    """Values are normal forms: what two tables that are set alike have in common, without times, states and ARNs
    of their own. None is the normal form of a setting that is off.
    """

    name: ClassVar[str]  # the word of `to.settings`
    title: ClassVar[str]  # as people say it
    phase: ClassVar[Literal["creation", "after the data", "after everything"]]
    default_policy: ClassVar[Literal["always", "by default", "when asked"]] = "when asked"
    describe_fields: ClassVar[frozenset[str]] = frozenset()  # of DescribeTable's Table
    has_own_api: ClassVar[bool] = False  # whether DescribeTable does not say it
    read_actions: ClassVar[tuple[str, ...]] = ("dynamodb:DescribeTable",)
    write_actions: ClassVar[tuple[str, ...]] = ()
    parts: ClassVar[tuple[Part, ...]] = ("table",)  # which resources of IAM it belongs to
    limitations: ClassVar[str] = ""  # when it cannot be put back, for the reference

    async def read(self, ask: AwsCaller, table: TableFacts) -> Any:
        """AWS's own answer. Only of a ``has_own_api`` setting."""
        raise AssertionError(f"{self.name} is read from the table's description")
        yield  # a generator, as every reading is

    @abstractmethod
    def normalize(self, answer: Any) -> Any:
        """Of a description, or of the answer of ``read``; None if the setting is off."""

    def reading(self, known: SettingsSnapshot) -> ObservedSetting:
        """The setting in its normal form: present, absent, or unknown."""
        if not self.has_own_api:
            return present(self.normalize(known.description)) if known.description else NOT_READ
        found = (known.readings or {}).get(self.name, NOT_READ)
        return found if found.state == "unknown" else present(self.normalize(found.value))

    def desired(self, value: Any, inputs: ApplyInputs) -> Any:
        """What the target should have. Raises ``Refused`` if it cannot have it, ``Skipped`` if it should not."""
        return value

    def note(self, answer: Any) -> str:
        """What people should know of it all the same."""
        return ""

    def add_to_creation(self, definition: dict[str, Any], desired: Any) -> dict[str, Any]:
        """CreateTable's input with the setting in it."""
        return definition

    @abstractmethod
    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        """The calls that are left until ``existing`` is as ``desired``. Raises ``Refused`` and ``Skipped``."""

    def settled(self, desired: Any, existing: Any, target: TableFacts) -> bool:
        """Whether AWS shows what was changed."""
        return not list(self.changes(desired, existing, target))

    def in_progress(self, desired: Any, answer: Any) -> bool:
        """Whether AWS, having taken the change, may still give it up; ``answer`` as for ``normalize``."""
        return False

    def failure(self, desired: Any, answer: Any) -> str | None:
        """Why AWS, having taken the change, gave it up."""
        return None


def refuse(setting: Setting, why: str, hint: str) -> Refused:
    return Refused(f"{setting.title} cannot be put back: {why}", hint=hint)


def update_table(label: str, target: TableFacts, change: Mapping[str, Any]) -> Change:
    """One concern of UpdateTable, which takes one at a time (observed on AWS)."""
    return Change(label, "UpdateTable", lambda cloud: cloud.settings.update_table(target.name, change))


def index_names(description: Mapping[str, Any]) -> tuple[str, ...]:
    """Of the global secondary indexes."""
    return tuple(index["IndexName"] for index in description.get("GlobalSecondaryIndexes") or ())
