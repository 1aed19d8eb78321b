"""Where backups are: whatever the prefix of a destination, accounts and regions never share records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ddbbackup.catalog import Location, locate
from ddbbackup.plan.build import build
from ddbbackup.plan.model import DEFAULT_PREFIX, Destination
from ddbbackup.ports import Identity
from tests.support.records import IDENTITY

ORIGINS = st.tuples(
    st.sampled_from(("111111111111", "222222222222")),
    st.sampled_from(("eu-west-1", "eu-west-10", "us-east-1")),
)
TEMPLATES = st.lists(
    st.sampled_from(
        ("{account}", "{region}", "{table}", "{plan}", "/", "ddbbackup", "prod", "-", "eu-west-1")
    ),
    max_size=8,
).map("".join)
NAMES = st.sampled_from(("orders", "restores", "tables", "eu-west-1", "111111111111", "prod"))


def place(template: str, origin: tuple[str, str], table: str, plan: str) -> Location:
    account, region = origin
    identity = Identity(account, "arn", "aws", region)
    return locate(Destination("vault", "vault", prefix=template), identity, table=table, plan=plan)


@given(TEMPLATES, TEMPLATES, ORIGINS, ORIGINS, NAMES, NAMES, NAMES, NAMES)
def test_two_origins_share_no_record(
    first: str,
    second: str,
    one: tuple[str, str],
    other: tuple[str, str],
    table: str,
    other_table: str,
    plan: str,
    other_plan: str,
) -> None:
    """Not even in two destinations in one bucket, with names that look like parts of the layout."""
    assume(one != other)
    backup_id = "20261123T140000Z-0123abcd"
    assert place(first, one, table, plan).record_key(backup_id) != place(
        second, other, other_table, other_plan
    ).record_key(backup_id)


@given(TEMPLATES, ORIGINS, ORIGINS, NAMES, NAMES)
def test_a_listing_of_one_origin_holds_nothing_of_another(
    template: str, one: tuple[str, str], other: tuple[str, str], table: str, other_table: str
) -> None:
    """A prefix of one must not begin the prefix of the other: eu-west-1 and eu-west-10."""
    assume(one != other)
    mine, theirs = place(template, one, table, "prod"), place(template, other, other_table, "prod")
    assert not theirs.records.startswith(mine.records)


@given(ORIGINS, ORIGINS, NAMES, NAMES)
def test_by_default_two_origins_share_no_data_folder(
    one: tuple[str, str], other: tuple[str, str], table: str, other_table: str
) -> None:
    """Not even AWSDynamoDB/data/, which all incremental exports below one prefix share."""
    assume(one != other)
    mine, theirs = place(DEFAULT_PREFIX, one, table, "p"), place(DEFAULT_PREFIX, other, other_table, "p")
    assert not theirs.prefix.startswith(mine.prefix)


@pytest.mark.parametrize("written", [{}, {"prefix": DEFAULT_PREFIX}])
def test_the_default_prefix_has_the_account_the_region_and_the_table(written: dict[str, str]) -> None:
    """As the schema says."""
    data = {
        "version": 1,
        "name": "prod",
        "destinations": {"vault": {"bucket": "vault", **written}},
        "tables": [{"name": "orders"}],
    }
    plan = build(data, "p.yaml", now=datetime(2026, 11, 24, tzinfo=UTC))
    found = locate(
        plan.destinations["vault"], replace(IDENTITY, region="eu-west-1"), table="orders", plan="prod"
    )
    assert found.prefix == "123456789012/eu-west-1/orders/"
    assert found.records == "ddbbackup/prod/123456789012/eu-west-1/orders/"
