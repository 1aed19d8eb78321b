"""One setting of a table as a record holds it: what it is, that it is not there, or that nobody could tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["present", "absent", "unknown"]
Reason = Literal["denied", "unsupported", "throttled", "unreachable", "failed", "not-read"]


@dataclass(frozen=True, slots=True)
class ObservedSetting:
    """``value`` is AWS's own answer, JSON-safe; ``reason`` and ``message`` say why it is ``unknown``.

    Absent means that AWS was asked and said that there is none, or that it is off; it is never a guess.
    """

    state: State
    value: Any = None
    reason: Reason | None = None
    message: str = ""

    def to_document(self) -> dict[str, Any]:
        if self.state == "present":
            return {"state": "present", "value": self.value}
        if self.state == "absent":
            return {"state": "absent", **({"value": self.value} if self.value else {})}
        return {"state": "unknown", "reason": self.reason, "message": self.message}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ObservedSetting:
        """``document`` has passed the record schema."""
        return cls(
            state=document["state"],
            value=document.get("value"),
            reason=document.get("reason"),
            message=document.get("message") or "",
        )


ABSENT = ObservedSetting("absent")
NOT_READ = ObservedSetting("unknown", reason="not-read", message="the record was made without reading it")


def present(value: Any) -> ObservedSetting:
    """``ABSENT`` for nothing at all: None, or an empty list or map."""
    return ObservedSetting("present", value) if value not in (None, {}, [], "") else ABSENT
