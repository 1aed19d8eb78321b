"""How the objects of a destination are encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Encryption:
    """``AES256`` is SSE-S3. ``KMS`` without ``kms_key_id`` uses the AWS managed key of S3 (S3 API: PutObject)."""

    algorithm: Literal["AES256", "KMS"] = "AES256"
    kms_key_id: str | None = None
