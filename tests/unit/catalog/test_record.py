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
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedData,
    RecordedDestination,
    RecordedExport,
    RecordedFailure,
    RecordedScan,
    RecordedSnapshot,
    RecordedTable,
    RecordedVerification,
)
from ddbbackup.catalog.record import Restarted, parse_record
from ddbbackup.errors import DataIncomplete
from ddbbackup.plan.schemas import schema_text
from tests.support.records import NOW, instant, record

SCHEMA: dict[str, Any] = json.loads(schema_text("record"))
VALIDATOR = Draft202012Validator(SCHEMA)

COMPLETE = record(
    state="complete",
    completed_at=NOW + timedelta(minutes=6),
    destination={"bucket_owner": "210987654321", "sse_algorithm": "KMS", "kms_key_id": "alias/vault"},
    export={
        "arn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/export/01700000000000-0badcafe",
        "requested_time": NOW,
        "ended_at": NOW + timedelta(minutes=5),
    },
    covers=instant(NOW),
    table_members={"description": "d" * 64, "item_count": 3, "size_bytes": 300},
    settings="5" * 64,
    data=RecordedData(
        manifest_key="ddb/orders/AWSDynamoDB/x/manifest-summary.json",
        item_count=3,
        file_count=4,
        size_bytes=99,
    ),
    verified=RecordedVerification(
        level="items", at=NOW + timedelta(minutes=6), result="ok", checks=("a",), notes=("b",)
    ),
    failure=RecordedFailure(code="c", message="m"),
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
backup_ids = st.from_regex(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}", fullmatch=True)
hashes = st.none() | st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
coverages = st.builds(
    lambda kind, one, other: RecordedCoverage(
        kind=kind, start=min(one, other), end=min(one, other) if kind == "instant" else max(one, other)
    ),
    st.sampled_from(["instant", "window", "interval"]),
    times,
    times,
)
made_by = st.one_of(
    st.builds(
        lambda export: {"made_by": "export", "export": export},
        st.builds(
            RecordedExport,
            arn=optional_text,
            client_token=text,
            requested_time=optional_times,
            ended_at=optional_times,
        ),
    ),
    st.builds(
        lambda snapshot: {"made_by": "snapshot", "snapshot": snapshot},
        st.builds(RecordedSnapshot, name=text, arn=optional_text),
    ),
    st.builds(
        lambda scan: {"made_by": "scan", "scan": scan},
        st.builds(RecordedScan, export_id=text, segments=st.integers(1, 2**63 - 1)),
    ),
)
records = st.builds(
    lambda made, **members: Record(**members, **made),
    made_by,
    record_version=st.just(1),
    id=backup_ids,
    plan=some_text,
    run=some_text,
    attempt=st.integers(1, 2**63 - 1),
    state=st.sampled_from(["in_progress", "complete", "failed", "not_whole", "expiring"]),
    started_at=times,
    completed_at=optional_times,
    table=st.builds(
        RecordedTable,
        name=st.from_regex(r"[A-Za-z0-9_.-]{3,20}", fullmatch=True),
        arn=text,
        id=text,
        account=text,
        region=text,
        description=hashes,
        item_count=counts,
        size_bytes=counts,
    ),
    covers=st.none() | coverages,
    settings=hashes,
    destination=st.builds(
        RecordedDestination,
        bucket=text,
        prefix=text,
        bucket_owner=optional_text,
        sse_algorithm=st.sampled_from(["AES256", "KMS"]),
        kms_key_id=optional_text,
    ),
    chain=st.builds(
        RecordedChain,
        base=backup_ids,
        previous=st.none() | backup_ids,
        needs=st.lists(backup_ids, min_size=1, max_size=3).map(tuple),
        restarted=st.none()
        | st.builds(
            Restarted,
            reason=st.sampled_from(
                ["first", "due", "recreated", "disabled", "gap", "outlived", "broken", "too_early"]
            ),
            missing_from=optional_times,
        ),
    ),
    data=st.builds(
        RecordedData,
        format=st.sampled_from(["DYNAMODB_JSON", "ION"]),
        view=st.sampled_from([None, "NEW_IMAGE", "NEW_AND_OLD_IMAGES"]),
        manifest_key=optional_text,
        item_count=counts,
        file_count=counts,
        size_bytes=counts,
    ),
    verified=st.none()
    | st.builds(
        RecordedVerification,
        level=st.sampled_from(["listing", "checksums", "items"]),
        at=times,
        result=st.sampled_from(["ok", "damaged"]),
        checks=st.lists(text, max_size=3).map(tuple),
        notes=st.lists(text, max_size=3).map(tuple),
    ),
    failure=st.none() | st.builds(RecordedFailure, code=optional_text, message=text),
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
    newer["verified"]["by"] = "a newer release"
    assert parse_record(encoded(newer), where="here") == COMPLETE


def test_times_with_an_offset_are_read_in_utc() -> None:
    moved = document() | {"started_at": "2026-11-24T12:00:00+02:00"}
    read = parse_record(encoded(moved), where="here")
    assert (read.started_at, read.started_at.tzinfo) == (NOW, UTC)


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
        ("verified", {"level": "items", "at": "2026-11-24T10:00:00Z", "result": "ok", "checks": "all"}),
        ("verified", {"level": "all", "at": "2026-11-24T10:00:00Z", "result": "ok"}),
        ("covers", {"kind": "window", "start": "2026-11-24T10:00:00Z", "end": "2026-11-24T09:59:59Z"}),
        ("covers", {"kind": "instant", "start": "2026-11-24T10:00:00Z", "end": "2026-11-24T10:00:01Z"}),
        ("made_by", "scan"),
        ("made_by", "hand"),
        ("export", None),
        ("scan", {"export_id": "x", "segments": 1}),
        ("settings", "../../other"),
        ("settings", {}),
        ("chain", {"base": "20261124T100000Z-0badcafe", "needs": []}),
        ("chain", {"base": "latest", "needs": ["20261124T100000Z-0badcafe"]}),
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
        encoded(document()).replace(b'"item_count": 3', b'"item_count": 1e400'),
        encoded(document()).replace(b'"item_count": 3', b'"item_count": NaN'),
        encoded(document()).replace(b'"item_count": 3', b'"item_count": 1' + b"0" * 100_000),
        encoded(document()).replace(b'"item_count": 3', b'"item_count": ' + DEEP),
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
        "infinite",
        "NaN",
        "integer of 100,000 digits",
        "deep count",
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
