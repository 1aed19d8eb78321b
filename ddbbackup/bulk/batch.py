"""A batch: lines on their way into the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# AWS accepts 16 MB. Smaller requests keep memory low with several in flight, and cost nothing: AWS bills by item.
MAX_BATCH_BYTES: Final = 1 << 20


class Batch:
    """Lines of one unit that are sent together, and the state of sending them.

    ``then`` is sent once this batch is finished: the second half of a batch that was split. It must not overtake
    the first half, because both may hold the same key.
    """

    __slots__ = ("attempt", "lines", "lines_checked", "reserved_units", "size_bytes", "then", "unit")

    def __init__(self, unit: int, lines: Sequence[bytes], then: Batch | None = None) -> None:
        self.unit = unit
        self.lines = lines
        self.then = then
        self.attempt = 0
        self.reserved_units = 0.0
        self.size_bytes = 0  # of the last request
        self.lines_checked = False  # whether each line has been parsed as an item
