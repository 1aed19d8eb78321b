"""What a setting is: how it is read, compared, and put back. One small file each; ``SETTINGS`` has their order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ddbbackup.catalog.reading import NOT_READ, Reading, present
from ddbbackup.errors import Refused
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.steps.pace import Ask
from ddbbackup.steps.settings.move import Move
from ddbbackup.steps.step import Wait

Part = Literal["table", "index", "stream"]
Pending = Generator[Wait | Future[Any], Any, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one table at one time: DescribeTable's answer, and what it does not say by setting."""

    description: Mapping[str, Any] = field(default_factory=dict)
    readings: Mapping[str, Reading] | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One putting back: from where to where, out of what, into what.

    ``target`` is what the table has now, or will have been made with; ``made``: by this restore. ``asked`` are
    the names of settings that the plan wants, ``named`` those of them that it names one by one.
    """

    move: Move
    recorded: Known
    target: Known
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
    shown: ClassVar[str]  # as people say it
    at: ClassVar[Literal["creation", "after the data", "after everything"]]
    chosen: ClassVar[Literal["always", "by default", "when asked"]] = "when asked"
    members: ClassVar[frozenset[str]] = frozenset()  # of DescribeTable's Table
    separate: ClassVar[bool] = False  # whether DescribeTable does not say it
    read_by: ClassVar[tuple[str, ...]] = ("dynamodb:DescribeTable",)
    put_back_by: ClassVar[tuple[str, ...]] = ()
    parts: ClassVar[tuple[Part, ...]] = ("table",)  # which resources of IAM it belongs to
    impossible: ClassVar[str] = ""  # when it cannot be put back, for the reference

    def read(self, ask: Ask, table: TableFacts) -> Pending:
        """AWS's own answer. Only of a ``separate`` setting."""
        raise AssertionError(f"{self.name} is read from the table's description")
        yield  # a generator, as every reading is

    @abstractmethod
    def normal(self, answer: Any) -> Any:
        """Of a description, or of the answer of ``read``; None if the setting is off."""

    def reading(self, known: Known) -> Reading:
        """The setting in its normal form: present, absent, or unknown."""
        if not self.separate:
            return present(self.normal(known.description)) if known.description else NOT_READ
        found = (known.readings or {}).get(self.name, NOT_READ)
        return found if found.state == "unknown" else present(self.normal(found.value))

    def aim(self, value: Any, scene: Scene) -> Any:
        """What the target should have. Raises ``Refused`` if it cannot have it, ``Skipped`` if it should not."""
        return value

    def note(self, answer: Any) -> str:
        """What people should know of it all the same."""
        return ""

    def at_creation(self, definition: dict[str, Any], aim: Any) -> dict[str, Any]:
        """CreateTable's input with the setting in it."""
        return definition

    @abstractmethod
    def changes(self, aim: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        """The calls that are left until ``existing`` is as ``aim``. Raises ``Refused`` and ``Skipped``."""

    def settled(self, aim: Any, existing: Any, target: TableFacts) -> bool:
        """Whether AWS shows what was changed."""
        return not list(self.changes(aim, existing, target))

    def under_way(self, aim: Any, answer: Any) -> bool:
        """Whether AWS, having taken the change, may still give it up; ``answer`` as for ``normal``."""
        return False

    def failure(self, aim: Any, answer: Any) -> str | None:
        """Why AWS, having taken the change, gave it up."""
        return None


def refuse(setting: Setting, why: str, hint: str) -> Refused:
    return Refused(f"{setting.shown} cannot be put back: {why}", hint=hint)


def update_table(label: str, target: TableFacts, change: Mapping[str, Any]) -> Change:
    """One concern of UpdateTable, which takes one at a time (observed on AWS)."""
    return Change(label, "UpdateTable", lambda cloud: cloud.settings.update_table(target.name, change))


def index_names(description: Mapping[str, Any]) -> tuple[str, ...]:
    """Of the global secondary indexes."""
    return tuple(index["IndexName"] for index in description.get("GlobalSecondaryIndexes") or ())
