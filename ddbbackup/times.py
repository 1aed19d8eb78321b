"""Times and durations as text. Every other module parses and prints them through this one.

Two kinds of text are kept apart. ``from_iso`` and ``to_iso`` are for times that programs write, in records, state
files and answers of AWS: one form, no guessing. ``parse_time`` and ``parse_duration`` are for what people type, in a
plan or on the command line; their errors explain what is wrong and how to write it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, overload

_SECONDS_PER_UNIT: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHORTEST_IN_DAYS: Final = 2 * 86400
_DURATION: Final = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RFC_3339: Final = re.compile(
    rf"{_DATE.pattern}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]+)?(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})"
)
_WITHOUT_OFFSET: Final = re.compile(rf"{_DATE.pattern}T[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]+)?)?")


class InvalidTime(ValueError):
    """Text that is not a time or a duration, for the reason in ``message``; ``hint`` shows the form to use."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parse_duration(text: str) -> int:
    """Seconds of a duration such as ``90s``, ``15m``, ``24h`` or ``30d``. Raises ``InvalidTime``."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidTime(
            f"{text!r} is not a duration",
            hint="use a whole number above zero and a unit, such as 90s, 15m, 24h or 30d",
        )
    return int(match[1]) * _SECONDS_PER_UNIT[match[2]]


def format_duration(seconds: int) -> str:
    """The text of which ``parse_duration`` makes these seconds, in the largest unit: ``90m``, ``7d``.

    Less than two days are hours, as an RPO usually is: ``24h`` beside ``25h``, not ``1d`` beside ``25h``.
    """
    units = [u for u, size in _SECONDS_PER_UNIT.items() if seconds % size == 0]
    if 0 < seconds < _SHORTEST_IN_DAYS and "h" in units:
        units = [u for u in units if u != "d"]
    unit = max(units, key=_SECONDS_PER_UNIT.__getitem__)
    return f"{seconds // _SECONDS_PER_UNIT[unit]}{unit}"


def parse_time(text: str, *, now: datetime) -> datetime:
    """The UTC instant that a person means by ``text``.

    An RFC 3339 time is that instant; a date is its midnight in UTC; a duration is that long before ``now``, in
    whole seconds. Raises ``InvalidTime``.
    """
    written = text.upper().replace(" ", "T", 1)  # RFC 3339 also allows `t`, `z` and, for readability, a space
    if _RFC_3339.fullmatch(written):
        return _calendar_time(text, written)
    if _DATE.fullmatch(text):
        return _calendar_time(text, f"{text}T00:00:00Z")
    if _DURATION.fullmatch(text):
        try:
            return (now - timedelta(seconds=parse_duration(text))).astimezone(UTC).replace(microsecond=0)
        except OverflowError:
            raise InvalidTime(f"{text!r} ago is before the year 1", hint="use a shorter duration") from None
    if _WITHOUT_OFFSET.fullmatch(written):
        raise InvalidTime(f"{text!r} has no UTC offset", hint="append Z for UTC, or an offset such as +02:00")
    raise InvalidTime(
        f"{text!r} is not a time",
        hint="use a time such as 2026-11-23T14:00:00Z, a date such as 2026-11-23, or a duration ago such as 2h",
    )


def _calendar_time(text: str, iso: str) -> datetime:
    try:
        return to_utc(datetime.fromisoformat(iso))
    except ValueError:
        raise InvalidTime(
            f"{text!r} does not exist in the calendar", hint="correct the date or the time"
        ) from None


@overload
def to_iso(time: datetime) -> str: ...
@overload
def to_iso(time: None) -> None: ...
def to_iso(time: datetime | None) -> str | None:
    """RFC 3339 in UTC with ``Z``; whole seconds unless the time has a fraction. ``time`` is aware."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z") if time else None


@overload
def from_iso(text: str) -> datetime: ...
@overload
def from_iso(text: None) -> None: ...
def from_iso(text: str | None) -> datetime | None:
    """The instant of an RFC 3339 time with an offset, in UTC. Raises ``ValueError`` for any other text."""
    if text is None:
        return None
    if not _RFC_3339.fullmatch(text):
        raise ValueError(f"{text!r} is not an RFC 3339 time with an offset")
    return to_utc(datetime.fromisoformat(text))


@overload
def to_utc(time: datetime) -> datetime: ...
@overload
def to_utc(time: None) -> None: ...
def to_utc(time: datetime | None) -> datetime | None:
    """The same instant in UTC. Raises ``ValueError`` if that is before year 1 or after year 9999."""
    try:
        return time.astimezone(UTC) if time is not None else None
    except OverflowError:
        raise ValueError("the time is not between the years 1 and 9999 in UTC") from None
