"""`from` and `--from`: which backup or instant a text selects."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.plan import load
from ddbbackup.plan.restore_from import FromBackup, FromLatest, FromTime, RestoreFrom, parse_from
from ddbbackup.plan.schemas import plan_schema
from ddbbackup.times import InvalidTime

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
PATTERN = plan_schema()["$defs"]["restore"]["properties"]["from"]["anyOf"][0]["pattern"]


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("latest", FromLatest()),
        ("20261123T140000Z-0123abcd", FromBackup("20261123T140000Z-0123abcd")),
        ("20261123", FromBackup("20261123")),
        ("20261123T14", FromBackup("20261123T14")),
        ("20261123T140000Z-01", FromBackup("20261123T140000Z-01")),
        ("0123abcd", FromBackup("0123abcd")),
        ("1234567d", FromBackup("1234567d")),  # not a duration: nobody means the year 1355 before Christ
        ("2026-11-23T14:00:00Z", FromTime(datetime(2026, 11, 23, 14, tzinfo=UTC))),
        ("2026-11-23", FromTime(datetime(2026, 11, 23, tzinfo=UTC))),
        ("2h", FromTime(datetime(2026, 11, 24, 8, tzinfo=UTC))),
    ],
)
def test_a_text_selects_a_backup_or_an_instant(text: str, selector: RestoreFrom) -> None:
    """The newest, one by its ID, or the newest as of a time."""
    assert parse_from(text, now=NOW) == selector


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", "'yesterday' is not a backup or a time"),
        ("Latest", "'Latest' is not a backup or a time"),
        ("2026-11-23T14:00:00", "'2026-11-23T14:00:00' has no UTC offset"),
        ("20261123T140000Z-0123ABCD", "'20261123T140000Z-0123ABCD' is not a time"),
    ],
)
def test_any_other_text_is_an_error_that_says_what_is_missing(text: str, message: str) -> None:
    """The same sentence in a plan and on the command line."""
    with pytest.raises(InvalidTime) as raised:
        parse_from(text, now=NOW)
    assert raised.value.message == message


@given(st.from_regex(PATTERN, fullmatch=True) | st.text(max_size=30))
def test_editors_accept_what_the_parser_accepts(text: str) -> None:
    """Except for days and hours that no calendar has, which a pattern cannot know."""
    matches = re.search(PATTERN, text) is not None and "\n" not in text
    assert matches == is_accepted(text)


def is_accepted(text: str) -> bool:
    """By the parser, or refused only because of the calendar."""
    try:
        parse_from(text, now=NOW)
    except InvalidTime as error:
        return "calendar" in error.message or "before the year 1" in error.message
    return True


def test_a_plan_counts_back_from_the_time_it_is_loaded(tmp_path: Path) -> None:
    """All steps of a run then agree on the instant."""
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "version: 1\nname: p\ndestinations: {v: {bucket: acme-vault}}\ntables: [{name: orders}]\n"
        "restores: {back: {table: orders, from: 3d}}\n"
    )
    source = load([plan], {}, now=NOW).restores["back"].source
    assert source == FromTime(datetime(2026, 11, 21, 10, tzinfo=UTC))
