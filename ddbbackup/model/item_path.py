"""Places in an item: ``address.lines[0].name``."""

from __future__ import annotations

import re
from typing import Final

ItemPath = tuple[str | int, ...]
"""Names of attributes and indexes of lists; ``EVERY`` stands for each element of a list or a map."""
EVERY: Final = "*"
_PART: Final = re.compile(r"(?P<name>[^.\[\]]+)|\[(?P<index>\d{1,5}|\*)\]")


class InvalidPath(ValueError):
    """A text that is no path."""


def parse_path(text: str) -> ItemPath:
    """``address.lines[0].name``, or ``[*]`` and ``*`` for each element. Raises ``InvalidPath``."""
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        if parts and text[position] == ".":
            position += 1
            if text[position : position + 1] == "[":
                raise InvalidPath(f"there is no name after the dot at position {position}")
        elif parts and text[position] != "[":
            raise InvalidPath(f"unexpected {text[position]!r} at position {position + 1}")
        found = _PART.match(text, position)
        if found is None or (not parts and found["name"] is None):
            raise InvalidPath(f"there is no name of an attribute at position {position + 1}")
        index = found["index"]
        parts.append(found["name"] if index is None else EVERY if index == EVERY else int(index))
        position = found.end()
    if not parts or text.endswith("."):
        raise InvalidPath("it does not end with the name of an attribute")
    return tuple(parts)
