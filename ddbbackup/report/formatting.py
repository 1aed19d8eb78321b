"""Numbers for people: binary sizes, durations, and counts in groups of three digits."""

from __future__ import annotations

from collections.abc import Iterable

from ddbbackup.model.numbers import counted, grouped
from ddbbackup.times import format_duration

__all__ = ["count", "counted", "duration", "planned_duration", "size", "sum_of_sizes"]


def size(size_bytes: int | None) -> str:
    """``1.5 MiB``; a dash if unknown."""
    if size_bytes is None:
        return "–"
    if size_bytes < 1024:
        return f"{size_bytes} B"
    value = float(size_bytes)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if round(value, 1) < 1024 or unit == "TiB":
            return f"{value:.1f} {unit}"
    raise AssertionError("the loop returns at its last unit")


def sum_of_sizes(sizes: Iterable[int | None]) -> str:
    """``1.5 MiB``; ``at least 1.5 MiB`` if one of them is not known, and a dash if none is."""
    listed = list(sizes)
    known = [each for each in listed if each is not None]
    if listed and not known:
        return size(None)
    return f"{'at least ' if len(known) < len(listed) else ''}{size(sum(known))}"


def duration(seconds: float | None) -> str:
    """``4.0s``, ``3m 20s``, ``5h 2m``, ``12d 4h``; a dash if unknown."""
    if seconds is None:
        return "–"
    if round(seconds, 1) < 10:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    for step, large, small in ((86400, "d", "h"), (3600, "h", "m"), (60, "m", "s")):
        if whole >= step:
            below = {"d": 3600, "h": 60, "m": 1}[large]
            return f"{whole // step}{large} {whole % step // below}{small}"
    return f"{whole}s"


def planned_duration(seconds: int | None) -> str:
    """``24h``, ``90m``, ``7d``: a duration of the plan, exact and in one unit; a dash if the plan has none."""
    return "–" if seconds is None else format_duration(seconds)


def count(number: int | None) -> str:
    """``1 234 567``; a dash if unknown."""
    return "–" if number is None else grouped(number)
