"""What the reader of a text has, and wants: a terminal of some size and with colours, or none; more or less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Detail = Literal["quiet", "normal", "verbose"]
"""``quiet``: only what failed or needs attention. ``verbose``: everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """``width`` is in characters. None, off a terminal: no column is dropped, nothing is shortened.

    ``lines`` is the number of lines that a text should have at most: beyond it, what is well is counted and not
    listed. None, off a terminal: everything is listed.

    ``is_log``: the text goes to the log of a pipeline, which people read from its end: what failed and the summary
    are last there. A file is read from its beginning.

    ``characters``: how long Markdown may be. None: as long as a comment of GitHub.

    ``plan_files`` are those that -f named, for the commands in hints; none for the default plan.
    """

    width: int | None = None
    lines: int | None = None
    characters: int | None = None
    colour: bool = False
    is_log: bool = False
    detail: Detail = "normal"
    plan_files: tuple[str, ...] = ()

    def holds(self, lines: int) -> bool:
        """Whether a list of so many lines (``wrapping.height``) is shown as a whole."""
        return self.lines is None or self.detail == "verbose" or lines <= self.lines


PLAIN: Final = View()
"""Files and notifications: everything, in plain characters."""
LOG: Final = View(is_log=True)
"""stdout and stderr off a terminal."""
