"""Records as documents: the type, the schema, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ddbbackup.catalog import (
    ObservedSetting,
    Record,
    RecordedData,
    RecordedDestination,
    RecordedExport,
    RecordedFailure,
    RecordedTable,
    RecordedVerification,
)
from ddbbackup.catalog.record import parse_record
from ddbbackup.errors import DataIncomplete, StepFailed
from ddbbackup.plan.schemas import schema_text
from tests.support.records import NOW, record

SCHEMA: dict[str, Any] = json.loads(schema_text("record"))
VALIDATOR = Draft202012Validator(SCHEMA)

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
COMPLETE = record(
    state="complete",
    completed_at=NOW + timedelta(minutes=6),
    destination={"bucket_owner": "210987654321", "sse_algorithm": "KMS", "kms_key_id": "alias/vault"},
    export={
        "arn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/export/01700000000000-0badcafe",
        "requested_time": NOW,
        "time": NOW,
        "ended_at": NOW + timedelta(minutes=5),
        "manifest_key": "ddb/orders/AWSDynamoDB/x/manifest-summary.json",
    },
    data=RecordedData(item_count=3, file_count=4, size_bytes=99),
    verification=RecordedVerification(checks=("a",), notes=("b",)),
    failure=RecordedFailure(code="c", message="m"),
    description=DESCRIPTION,
    settings={
        "ttl": ObservedSetting("present", {"AttributeName": "expires"}),
        "tags": ObservedSetting("absent"),
        "kinesis": ObservedSetting("unknown", reason="denied", message="not allowed"),
    },
)


def document(of: Record = COMPLETE) -> dict[str, Any]:
    return dict(json.loads(of.to_json()))


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


# ---- the type and the schema

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
some_text = text.filter(bool)
optional_text = st.none() | text
EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
times = st.builds(
    lambda since, minutes: (EARLIEST + since).astimezone(timezone(timedelta(minutes=minutes))),
    st.timedeltas(timedelta(0), LATEST - EARLIEST),
    st.integers(-14 * 60, 14 * 60),
)
optional_times = st.none() | times
counts = st.none() | st.integers(0, 2**63 - 1)
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
        message=some_text,
    ),
)
records = st.builds(
    Record,
    record_version=st.just(1),
    id=st.from_regex(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}", fullmatch=True),
    plan=some_text,
    run=some_text,
    attempt=st.integers(1, 2**63 - 1),
    kind=st.sampled_from(["full", "incremental", "scan"]),
    state=st.sampled_from(["in_progress", "complete", "failed", "not_whole"]),
    started_at=times,
    completed_at=optional_times,
    table=st.builds(
        RecordedTable,
        name=st.from_regex(r"[A-Za-z0-9_.-]{3,20}", fullmatch=True),
        arn=text,
        id=text,
        account=text,
        region=text,
    ),
    destination=st.builds(
        RecordedDestination,
        bucket=text,
        prefix=text,
        bucket_owner=optional_text,
        sse_algorithm=st.sampled_from(["AES256", "KMS"]),
        kms_key_id=optional_text,
    ),
    export=st.builds(
        RecordedExport,
        arn=optional_text,
        client_token=text,
        requested_time=optional_times,
        time=optional_times,
        ended_at=optional_times,
        format=text,
        manifest_key=optional_text,
    ),
    data=st.builds(RecordedData, item_count=counts, file_count=counts, size_bytes=counts),
    verification=st.builds(
        RecordedVerification,
        checks=st.lists(text, max_size=3).map(tuple),
        notes=st.lists(text, max_size=3).map(tuple),
    ),
    failure=st.none() | st.builds(RecordedFailure, code=optional_text, message=text),
    description=st.just({})
    | st.builds(lambda more: {**more, **DESCRIPTION}, st.dictionaries(text, values, max_size=3)),
    settings=st.none() | st.dictionaries(text, observed, max_size=3),
)


@given(records)
def test_every_record_is_valid_by_the_schema_and_survives_its_document(original: Record) -> None:
    """Times with any offset, numbers of any size, text of any script."""
    body = original.to_json()
    assert list(VALIDATOR.iter_errors(json.loads(body))) == []
    assert parse_record(body, where="here") == original


@settings(max_examples=500)
@given(st.data())
def test_a_document_that_the_schema_rejects_is_refused(data: st.DataObject) -> None:
    """One member of a valid document is replaced or removed. Nothing but ``DataIncomplete`` is ever raised."""
    changed = document()
    path = data.draw(st.sampled_from(sorted(paths(changed), key=str)))
    parent: Any = changed
    for step in path[:-1]:
        parent = parent[step]
    if isinstance(parent, dict) and data.draw(st.booleans()):
        del parent[path[-1]]
    else:
        parent[path[-1]] = data.draw(values)
    body = encoded(changed)
    if VALIDATOR.is_valid(changed):
        assert read_or_refused(body) in (None, "refused")
    else:
        with pytest.raises(DataIncomplete):
            parse_record(body, where="here")


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every member of every object and every list, at any depth."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield (*at, name)
        yield from paths(member, (*at, name))


def read_or_refused(body: bytes) -> str | None:
    try:
        parse_record(body, where="here")
    except DataIncomplete:
        return "refused"
    return None


def test_the_schema_and_the_type_have_the_same_members() -> None:
    """At every level: names, which of them are required, and the choices of an enumeration."""
    generated = msgspec.json.schema(Record)
    assert shape(generated, generated) == shape(SCHEMA, SCHEMA)


def shape(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """What both notations say in the same way: objects with their members, enumerations, and everything else."""
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return shape(target, root)
    if "anyOf" in schema:
        (other,) = [each for each in schema["anyOf"] if each != {"type": "null"}]
        return shape(other, root)
    if "properties" in schema:
        members = {name: shape(each, root) for name, each in schema["properties"].items()}
        return {"required": sorted(schema.get("required", ())), "members": members}
    if isinstance(schema.get("additionalProperties"), Mapping) and schema["additionalProperties"]:
        return {"values": shape(schema["additionalProperties"], root)}
    if "const" in schema or "enum" in schema:
        return sorted(map(str, schema.get("enum", [schema.get("const")])))
    return "value"


# ---- documents that are refused, or not


def test_a_record_comes_back_as_it_was_written() -> None:
    """And the document is indented, so that a person can read it."""
    body = COMPLETE.to_json()
    assert parse_record(body, where="here") == COMPLETE
    assert body.startswith(b'{\n  "record_version": 1,\n  "id": "20261124T100000Z-')
    assert body.endswith(b"\n}\n")


def test_members_of_a_newer_release_are_ignored() -> None:
    """So its records can be restored, at any level of nesting."""
    newer = document() | {"new_member": {"x": 1}}
    newer["export"]["another"] = True
    newer["settings"]["ttl"]["since"] = "2027"
    assert parse_record(encoded(newer), where="here") == COMPLETE


def test_times_with_an_offset_are_read_in_utc() -> None:
    moved = document() | {"started_at": "2026-11-24T12:00:00+02:00"}
    read = parse_record(encoded(moved), where="here")
    assert (read.started_at, read.started_at.tzinfo) == (NOW, UTC)


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
    body = encoded(document() | {"description": {**DESCRIPTION, "Count": 0}}).replace(
        b'"Count": 0', f'"Count": {written}'.encode()
    )
    read = parse_record(body, where="here")
    assert read.description["Count"] == number
    assert type(read.description["Count"]) is type(number)
    assert parse_record(read.to_json(), where="here") == read


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("record_version", 2),
        ("record_version", True),
        ("record_version", 1.0),
        ("state", "fine"),
        ("started_at", "yesterday"),
        ("started_at", "2026-11-24T10:00:00"),
        ("started_at", "0000-01-01T00:00:00Z"),
        ("started_at", "0001-01-01T00:00:00+14:00"),
        ("completed_at", "9999-12-31T23:59:59-10:00"),
        ("completed_at", "9999-12-31T23:59:60Z"),
        ("started_at", 1764028800),
        ("table", None),
        ("table", []),
        ("attempt", "1"),
        ("attempt", 1.5),
        ("attempt", 0),
        ("attempt", 10**400),
        ("id", "20261124T100000Z-0BADCAFE"),
        ("id", "20261124T100000Z-0badcafe\n"),
        ("data", {"item_count": -1}),
        ("data", {"item_count": 10**400}),
        ("verification", {"checks": "all"}),
        ("description", ["KeySchema"]),
        ("description", {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}),
        ("description", {**DESCRIPTION, "KeySchema": []}),
        ("description", {**DESCRIPTION, "AttributeDefinitions": []}),
        ("description", {**DESCRIPTION, "KeySchema": {"AttributeName": "id"}}),
        ("description", {**DESCRIPTION, "AttributeDefinitions": [{"AttributeName": "id"}]}),
        ("description", {**DESCRIPTION, "GlobalSecondaryIndexes": [{"IndexName": "by-customer"}]}),
        ("description", {**DESCRIPTION, "BillingModeSummary": "PROVISIONED"}),
        ("settings", {"ttl": {"state": "present"}}),
        ("settings", {"ttl": {"state": "unknown", "reason": "denied"}}),
        ("settings", {"ttl": {"state": "off"}}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_member_of_the_wrong_shape_is_refused(member: str, value: object) -> None:
    """The message says where, and does not quote the value."""
    with pytest.raises(DataIncomplete, match=r"here is not a valid record: .* at ") as refused:
        parse_record(encoded(document() | {member: value}), where="here")
    assert "fine" not in refused.value.message


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"not json",
        DEEP,
        encoded(document()) + b"x",
        encoded(document())[:-1],
        b"\xef\xbb\xbf" + encoded(document()),
        encoded(document()).decode().encode("utf-16"),
        encoded(document()).replace(b'"prod"', b'"\\ud800"'),
        encoded(document()).replace(b'"prod"', b'"\xed\xa0\x80"'),
        encoded(document()).replace(b'"KeySchema"', b'"\\udfff"'),
        encoded(document() | {"description": {"x": 0}}).replace(b'{"x": 0}', b'{"x": 1e400}'),
        encoded(document() | {"description": {"x": 0}}).replace(b'{"x": 0}', b'{"x": NaN}'),
        encoded(document() | {"description": {"x": 0}}).replace(
            b'{"x": 0}', b'{"x": 1' + b"0" * 100_000 + b"}"
        ),
        encoded(document() | {"description": {"x": 0}}).replace(b'{"x": 0}', b'{"x": ' + DEEP + b"}"),
    ],
    ids=[
        "empty",
        "list",
        "null",
        "text",
        "deep",
        "rest",
        "truncated",
        "BOM",
        "UTF-16",
        "surrogate",
        "surrogate as bytes",
        "surrogate in a name",
        "infinite",
        "NaN",
        "integer of 100,000 digits",
        "deep description",
    ],
)
def test_a_body_that_is_not_a_record_is_refused(body: bytes) -> None:
    """Whatever is in the bucket, the reader gets one kind of error."""
    with pytest.raises(DataIncomplete, match="here is not a valid record"):
        parse_record(body, where="here")


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_arbitrary_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(DataIncomplete):
        parse_record(body, where="here")


@pytest.mark.parametrize("value", ["\ud800", object(), 10**5000], ids=["surrogate", "object", "huge integer"])
def test_a_record_that_json_cannot_hold_is_not_written(value: object) -> None:
    """The SDK's JSON parser accepts more than UTF-8 can encode."""
    with pytest.raises(StepFailed, match="cannot be written as JSON") as failed:
        record(description={"Name": value}).to_json()
    assert failed.value.hint
