"""The result of a mirror."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MirrorCounts:
    """``written`` and ``deleted`` items are now as the restore point has them, and were read back.

    ``left``: others changed them since they were compared, so they stay as they are. ``doubtful`` are among the
    written and the deleted: the response to a write was lost, so nobody knows whether another writer added an
    attribute in the moment before it, which would be gone.
    """

    written: int = 0
    deleted: int = 0
    left: int = 0
    doubtful: int = 0
    throttled: int = 0

    def __add__(self, other: MirrorCounts) -> MirrorCounts:
        return MirrorCounts(
            self.written + other.written,
            self.deleted + other.deleted,
            self.left + other.left,
            self.doubtful + other.doubtful,
            self.throttled + other.throttled,
        )

    @property
    def items(self) -> int:
        return self.written + self.deleted + self.left
