"""What is known about the data of a backup since it was verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class VerifiedSample:
    """A share of the data files, in percent, that was verified at ``level``."""

    level: Literal["checksums", "items"]
    percent: float


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """``level``: how thoroughly all data was verified; see ``catalog.verification``. ``sample``: and a part of it."""

    level: Literal["listing", "checksums", "items"]
    at: datetime
    result: Literal["ok", "damaged"]
    sample: VerifiedSample | None = None
