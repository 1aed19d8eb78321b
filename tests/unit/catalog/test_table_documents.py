"""What a record says about its table: one document for each content, believed only if it is the one that is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.catalog import ObservedSetting, description_document, settings_document
from ddbbackup.catalog.table_documents import parse_description, parse_settings
from ddbbackup.errors import DataIncomplete, StepFailed

DESCRIPTION: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "ключ", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "ключ", "AttributeType": "S"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-customer",
            "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
}
SETTINGS = {
    "ttl": ObservedSetting("present", {"AttributeName": "expires"}),
    "tags": ObservedSetting("absent"),
    "kinesis": ObservedSetting("unknown", reason="denied", message="not allowed"),
}

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
observed = st.one_of(
    st.builds(ObservedSetting, st.just("present"), values.filter(lambda value: value is not None)),
    st.builds(ObservedSetting, st.just("absent"), values),
    st.builds(
        ObservedSetting,
        st.just("unknown"),
        reason=st.sampled_from(["denied", "unsupported", "throttled", "unreachable", "failed", "not-read"]),
        message=text.filter(bool),
    ),
)


def read(description: dict[str, Any]) -> dict[str, Any]:
    document = description_document(description)
    return dict(parse_description(document.body, document.sha256, where="here"))


@given(st.dictionaries(text, values, max_size=3))
def test_a_description_is_read_as_it_was_written(more: dict[str, Any]) -> None:
    """With members that this release does not know."""
    assert read({**more, **DESCRIPTION}) == {**more, **DESCRIPTION}


@given(st.dictionaries(text, observed, max_size=3))
def test_settings_are_read_as_they_were_written(settings: dict[str, ObservedSetting]) -> None:
    document = settings_document(settings)
    assert parse_settings(document.body, document.sha256, where="here") == settings


def test_equal_tables_share_one_document() -> None:
    """Whatever the order of the members, and although AWS counts items and bytes from time to time."""
    index = DESCRIPTION["GlobalSecondaryIndexes"][0]
    later = {
        "TableSizeBytes": 100,
        "ItemCount": 7,
        **dict(reversed(DESCRIPTION.items())),
        "GlobalSecondaryIndexes": [{**index, "IndexSizeBytes": 5, "ItemCount": 1}],
    }
    assert description_document(later) == description_document(DESCRIPTION)
    assert description_document({**DESCRIPTION, "TableClass": "STANDARD"}) != description_document(
        DESCRIPTION
    )


def test_the_recovery_window_is_not_recorded() -> None:
    """It moves with the time: every backup would have settings of its own."""

    def document(latest: str) -> object:
        window = {"PointInTimeRecoveryStatus": "ENABLED", "LatestRestorableDateTime": latest}
        value = {"PointInTimeRecoveryDescription": window}
        return settings_document({"pitr": ObservedSetting("present", value)})

    assert document("2026-11-24T10:00:00Z") == document("2026-11-24T11:00:00Z")


def test_another_document_is_not_believed() -> None:
    """Whoever can write to the bucket could give a restored table other keys or another policy."""
    for document, other, parse in (
        (description_document(DESCRIPTION), description_document({**DESCRIPTION, "x": 1}), parse_description),
        (settings_document(SETTINGS), settings_document({}), parse_settings),
    ):
        with pytest.raises(DataIncomplete, match="not the document that the record names"):
            parse(other.body, document.sha256, where="here")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("-1" + "0" * 400, -(10**400)),
        ("70.0", 70.0),
        ("0.1", 0.1),
        ("5e-324", 5e-324),
        ("1.7976931348623157e308", 1.7976931348623157e308),
    ],
    ids=lambda value: str(value)[:20],
)
def test_numbers_of_a_description_are_exact(written: str, number: float) -> None:
    """Integers of any size, and doubles, also after they are written again."""
    found = read({**DESCRIPTION, "Count": json.loads(written)})["Count"]
    assert found == number
    assert type(found) is type(number)


@pytest.mark.parametrize(
    "description",
    [
        {},
        {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]},
        {**DESCRIPTION, "KeySchema": []},
        {**DESCRIPTION, "AttributeDefinitions": []},
        {**DESCRIPTION, "KeySchema": {"AttributeName": "id"}},
        {**DESCRIPTION, "AttributeDefinitions": [{"AttributeName": "id"}]},
        {**DESCRIPTION, "GlobalSecondaryIndexes": [{"IndexName": "by-customer"}]},
        {**DESCRIPTION, "BillingModeSummary": "PROVISIONED"},
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_description_without_what_a_restore_needs_is_refused(description: dict[str, Any]) -> None:
    """When it is read: an unusual response of AWS cannot prevent a backup."""
    with pytest.raises(DataIncomplete, match="here is not a valid description"):
        read(description)


@pytest.mark.parametrize(
    "setting", [{"state": "present"}, {"state": "unknown", "reason": "denied"}, {"state": "off"}], ids=str
)
def test_settings_of_the_wrong_shape_are_refused(setting: dict[str, Any]) -> None:
    document = description_document({"ttl": setting})
    with pytest.raises(DataIncomplete, match="here are not valid settings"):
        parse_settings(document.body, document.sha256, where="here")


@pytest.mark.parametrize("value", ["\ud800", object(), 10**5000], ids=["surrogate", "object", "huge integer"])
def test_a_description_that_json_cannot_hold_is_not_written(value: object) -> None:
    """The SDK's JSON parser accepts more than UTF-8 can encode."""
    with pytest.raises(StepFailed, match="cannot be written as JSON") as failed:
        description_document({"Name": value})
    assert failed.value.hint
