"""What is known about the data of a backup since it was last verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """``level``: how thoroughly it was verified; see ``catalog.verification``."""

    level: Literal["listing", "checksums", "items"]
    at: datetime
    result: Literal["ok", "damaged"]
