"""The result of ``demo``: the commands that it ran and what they printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True, slots=True)
class DemoCommand:
    """``answer`` is the command's own JSON document; None if it was printed as text."""

    command: str
    exit_code: int
    answer: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class DemoReport:
    """``schemas/demo.schema.json``. ``equal``: the restored table holds the same items as before."""

    schema: ClassVar[Literal["demo"]] = "demo"

    commands: tuple[DemoCommand, ...]
    items: int
    equal: bool
