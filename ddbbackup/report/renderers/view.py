"""What the reader of a text has: a terminal of some size and with colours, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """``width`` is in characters. None, off a terminal: no column is dropped, nothing is shortened."""

    width: int | None = None
    colour: bool = False


PLAIN: Final = View()
"""Files, pipes, notifications: everything, in plain characters."""
