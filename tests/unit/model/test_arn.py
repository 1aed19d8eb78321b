"""One parser of ARNs: what it reads, what it gives back, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.errors import Refused
from ddbbackup.model.arn import Arn

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
part = st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"]), min_size=1)


@given(st.builds(Arn, part, part, part | st.just(""), part | st.just(""), st.text(min_size=1)))
def test_an_arn_survives_its_text(arn: Arn) -> None:
    """Also with colons in the resource."""
    assert Arn.parse(str(arn)) == arn


@pytest.mark.parametrize(
    ("below", "export", "index"),
    [
        ("", None, None),
        ("/export/01700000000000-0badcafe", "01700000000000-0badcafe", None),
        ("/index/by-customer", None, "by-customer"),
        ("/stream/2026-11-24T10:00:00.000", None, None),
        ("/import/01700000000000-0badcafe", None, None),
    ],
)
def test_the_parts_of_a_table_are_named(below: str, export: str | None, index: str | None) -> None:
    """Every resource of a table names the table; labels of streams hold colons."""
    arn = Arn.parse(TABLE + below)
    assert (arn.partition, arn.region, arn.account) == ("aws", "eu-west-1", "123456789012")
    assert (arn.table_name, str(arn.table)) == ("orders", TABLE)
    assert (arn.export_id, arn.index_name) == (export, index)
    assert arn.resource_id == (below or "/orders").rpartition("/")[2]


def test_an_arn_is_built_from_its_parts() -> None:
    """Tables, their resources, and the same resource elsewhere."""
    table = Arn.of_table("orders", partition="aws", region="eu-west-1", account="123456789012")
    assert str(table) == TABLE
    assert str(table.below("index", "*")) == f"{TABLE}/index/*"
    key = Arn.parse("arn:aws-cn:kms:cn-north-1:210987654321:key/1111")
    assert str(key.moved_to(table)) == "arn:aws:kms:eu-west-1:123456789012:key/1111"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "orders",
        "arn:aws:dynamodb",
        "arn:aws:dynamodb:eu-west-1:123456789012:",
        "ARN" + TABLE[3:],
        "arn:::::x",
    ],
)
def test_a_text_that_is_not_an_arn_is_refused(text: str) -> None:
    """By name, with the form that is expected."""
    with pytest.raises(Refused, match="is not an ARN") as refused:
        Arn.parse(text)
    assert "arn:PARTITION:SERVICE" in refused.value.hint
    assert Arn.parse_if_arn(text) is None


@pytest.mark.parametrize(
    "text",
    ["arn:aws:iam::123456789012:role/backup", "arn:aws:s3:::vault", TABLE.replace("table/orders", "table")],
)
def test_an_arn_of_something_else_has_no_table(text: str) -> None:
    """It is an ARN all the same."""
    arn = Arn.parse(text)
    assert (arn.export_id, arn.index_name) == (None, None)
    with pytest.raises(Refused, match="does not belong to a DynamoDB table"):
        _ = arn.table_name
