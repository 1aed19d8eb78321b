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

    ``may_be_written``: a request with these lines has had no usable response, so an equal item in the table may be
    our own. ``reading``: the existing item is read, not put. ``deletes``: the lines are keys of items to delete.
    """

    __slots__ = (
        "attempt",
        "deletes",
        "lines",
        "lines_checked",
        "may_be_written",
        "reading",
        "reserved_units",
        "resigned",
        "size_bytes",
        "then",
        "unit",
    )

    def __init__(
        self,
        unit: int,
        lines: Sequence[bytes],
        then: Batch | None = None,
        *,
        may_be_written: bool = False,
        deletes: bool = False,
    ) -> None:
        self.unit = unit
        self.lines = lines
        self.then = then
        self.attempt = 0
        self.reserved_units = 0.0
        self.size_bytes = 0  # of the last request
        self.may_be_written = may_be_written
        self.reading = False
        self.deletes = deletes
        self.resigned = False  # whether it was sent again because the time of its signature was rejected
        self.lines_checked = False  # whether each line has been parsed as an item

    def part(self, lines: Sequence[bytes], then: Batch | None) -> Batch:
        """A batch of some of the lines of this one, which was not accepted as a whole."""
        return Batch(self.unit, lines, then, may_be_written=self.may_be_written, deletes=self.deletes)
