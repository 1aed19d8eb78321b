"""The result of ``init``: the file that was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class StarterPlan:
    """``schemas/init.schema.json``."""

    schema: ClassVar[Literal["init"]] = "init"

    file: str
