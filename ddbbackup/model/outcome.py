"""What happened to one step of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ddbbackup.errors import DdbBackupError

Status = Literal["done", "started", "unchanged", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``facts`` are flat, printable and hold no item data."""

    step: str
    kind: str
    table: str
    status: Status
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: DdbBackupError | None = None
    seconds: float = 0.0
