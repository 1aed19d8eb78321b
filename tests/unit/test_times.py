"""Times and durations as text: what people may type, and what programs write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.times import InvalidTime, format_duration, from_iso, parse_duration, parse_time, to_iso

NOW = datetime(2026, 11, 24, 10, 30, 15, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *[(1, "1s"), (90, "90s"), (60, "1m"), (5400, "90m"), (3600, "1h")],
        *[(86_400, "24h"), (90_000, "25h"), (172_800, "2d"), (604_800, "7d")],
    ],
)
def test_a_duration_is_written_in_its_largest_unit(seconds: int, text: str) -> None:
    """One day is written as hours, as plans usually have it."""
    assert format_duration(seconds) == text
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("24h", 86_400), ("30d", 2_592_000), ("9999999s", 9_999_999)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    """Seconds, minutes, hours and days."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0s", "015m", "1.5h", "-1h", "1 day", "24", "h", "1w", "12:30", "٣h", "2h\n"]
)
def test_any_other_text_is_not_a_duration(text: str) -> None:
    """The error shows the text and how to write a duration."""
    with pytest.raises(InvalidTime) as raised:
        parse_duration(text)
    assert raised.value.message == f"{text!r} is not a duration"
    assert "24h" in raised.value.hint


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-23T14:00:00Z", datetime(2026, 11, 23, 14, tzinfo=UTC)),
        ("2026-11-23t14:00:00.5z", datetime(2026, 11, 23, 14, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-23 14:00:00+02:00", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2h", datetime(2026, 11, 24, 8, 30, 15, tzinfo=UTC)),
        ("3d", datetime(2026, 11, 21, 10, 30, 15, tzinfo=UTC)),
    ],
)
def test_people_may_type_rfc_3339_a_date_or_how_long_ago(text: str, instant: datetime) -> None:
    """A date is its midnight in UTC; a duration ago has whole seconds."""
    parsed = parse_time(text, now=NOW)
    assert parsed == instant
    assert parsed.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-11-23T14:00:00", "has no UTC offset"),
        ("2026-11-23 14:00", "has no UTC offset"),
        ("2026-02-30", "does not exist in the calendar"),
        ("2026-11-23T25:00:00Z", "does not exist in the calendar"),
        ("0001-01-01T00:00:00+01:00", "does not exist in the calendar"),
        ("9999999d", "is before the year 1"),
        ("yesterday", "is not a time"),
        ("20261123T140000Z", "is not a time"),
        ("1795442400", "is not a time"),
        ("", "is not a time"),
    ],
)
def test_the_error_of_a_time_says_what_is_wrong_with_it(text: str, message: str) -> None:
    """A missing offset above all: a guessed time zone could restore the wrong hour."""
    with pytest.raises(InvalidTime) as raised:
        parse_time(text, now=NOW)
    assert message in raised.value.message
    assert raised.value.hint


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_what_a_program_writes_it_reads_again(time: datetime) -> None:
    """Except at the ends of the calendar, where a time has no UTC form."""
    try:
        written = to_iso(time)
    except OverflowError:
        return
    assert written.endswith("Z")
    assert from_iso(written) == time
    assert parse_time(written, now=NOW) == time


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T14:00:00",
        "2026-11-23",
        "2h",
        "20261123T140000Z",
        "2026-W48-1T00:00:00Z",
        "2026-11-23 14:00:00Z",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "",
    ],
)
def test_a_time_in_a_document_has_one_form(text: str) -> None:
    """Nothing is guessed about what a program wrote."""
    with pytest.raises(ValueError, match=r"RFC 3339|out of range|between the years"):
        from_iso(text)


def test_no_time_stays_none() -> None:
    """In both directions."""
    assert from_iso(None) is None
    assert to_iso(None) is None
