"""Durations and times on the command line: the same texts and the same errors as in a plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ddbbackup.cli.grammar import parse
from ddbbackup.errors import UsageError
from ddbbackup.plan.restore_from import (
    FromBackup,
    FromExport,
    FromFolder,
    FromLatest,
    FromTime,
    Origin,
    RestoreFrom,
)


def source(text: str) -> RestoreFrom:
    selector = parse(["restore", "back", "--from", text]).source
    assert isinstance(selector, RestoreFrom)
    return selector


def test_from_takes_what_the_plan_takes_in_from() -> None:
    """And exports by their ARN or folder, which a plan writes as a mapping."""
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/export/01715685260608-c488b4e1"
    folder = "s3://acme-vault/AWSDynamoDB/01715685260608-c488b4e1/"
    assert source("latest") == FromLatest()
    assert source("20261123T140000Z-0123abcd") == FromBackup("20261123T140000Z-0123abcd")
    assert source("2026-11-23T14:00:00+02:00") == FromTime(datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert source("2026-11-23") == FromTime(datetime(2026, 11, 23, tzinfo=UTC))
    assert source(arn) == FromExport(arn)
    frankfurt = Origin("210987654321", "eu-central-1")
    assert source("210987654321/eu-central-1") == FromLatest(frankfurt)
    assert source("210987654321/eu-central-1/2026-11-23") == FromTime(
        datetime(2026, 11, 23, tzinfo=UTC), frankfurt
    )
    assert source(folder) == FromFolder(folder)


def test_from_counts_back_from_now() -> None:
    """`2h` is two hours ago."""
    found = source("2h")
    assert isinstance(found, FromTime)
    assert abs(datetime.now(UTC) - timedelta(hours=2) - found.time) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--from", "2026-11-23 14:00", "--from: '2026-11-23 14:00' has no UTC offset"),
        ("--from", "arn:aws:iam::1:role/x", "--from: 'arn:aws:iam::1:role/x' is not the ARN of an export"),
        ("--from", "arn:aws", "--from: 'arn:aws' is not the ARN of an export"),
        ("--from", "2026-02-30", "--from: '2026-02-30' does not exist in the calendar"),
        ("--from", "210987654321/eu-central-1/soon", "--from: 'soon' is not a backup or a time"),
        ("--from", "yesterday", "--from: 'yesterday' is not a backup or a time"),
        ("--from", "2999-01-01", "--from: '2999-01-01' lies in the future"),
        ("--from", "210987654321/eu-central-1/2999-01-01", "--from: '2999-01-01' lies in the future"),
        ("--timeout", "0s", "--timeout: '0s' is not a duration"),
        ("--timeout", "90", "--timeout: '90' is not a duration"),
    ],
)
def test_other_texts_are_usage_errors(option: str, text: str, message: str) -> None:
    """They name the option and say what is missing."""
    with pytest.raises(UsageError) as raised:
        parse(["restore", "back", option, text])
    assert raised.value.message == message


@pytest.mark.parametrize(
    "words", [["list", "--since"], ["find", "orders", "--history", "--since"], ["dump", "orders", "--from"]]
)
def test_a_time_of_backups_lies_in_the_past(words: list[str]) -> None:
    """A mistyped year would select the newest one, or none."""
    with pytest.raises(UsageError) as raised:
        parse([*words, "2999-01-01T00:00:00Z"])
    assert raised.value.message == f"{words[-1]}: '2999-01-01T00:00:00Z' lies in the future"


def test_a_timeout_is_in_seconds() -> None:
    """Whatever its unit."""
    assert parse(["restore", "back", "--timeout", "2h"]).timeout == 7200
