"""One setting of a table in a record: present, absent, or unknown."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

State = Literal["present", "absent", "unknown"]
Reason = Literal["denied", "unsupported", "throttled", "unreachable", "failed", "not-read"]


class ObservedSetting(Struct, frozen=True, omit_defaults=True):
    """``value`` is the response of AWS, JSON-safe. ``reason`` and ``message`` say why a setting is unknown.

    Absent means that AWS reported the setting as not set or disabled; it is never assumed. A ``Struct``, because the
    document leaves out the members that are not set. Raises ``ValueError`` for a combination that the schema rejects.
    """

    state: State
    value: Any = None
    reason: Reason | None = None
    message: str = ""

    def __post_init__(self) -> None:
        if self.state == "present" and self.value is None:
            raise ValueError("a setting that is present has no value")
        if self.state == "unknown" and (self.reason is None or not self.message):
            raise ValueError("a setting that is unknown has no reason or no message")


ABSENT = ObservedSetting("absent")
NOT_READ = ObservedSetting("unknown", reason="not-read", message="the record was written without reading it")
