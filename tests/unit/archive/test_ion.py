"""Exports in Ion: the same values as DynamoDB JSON, exactly; anything else is no item, and is not quoted."""

from __future__ import annotations

import base64
import json
import sys
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import equal_items
from ddbbackup.archive.changes import ChangeCutter
from ddbbackup.archive.ion import ion_to_changes, ion_to_lines, require_ion
from ddbbackup.archive.line_check import LineChecker
from ddbbackup.archive.lines import is_item, split_lines
from ddbbackup.errors import DataIncomplete, Refused
from ddbbackup.ports import KeyAttribute
from ddbbackup.sandbox.export_lines import ion_change, json_change
from tests.support.items import items

SECRET = "s3cr3t"


def quoted(text: str, quote: str) -> str:
    """A string or a quoted symbol of Ion, which has the escapes of JSON, and ``\\U`` for the rest of Unicode."""
    parts = []
    for each in text:
        code = ord(each)
        if each in (quote, "\\"):
            parts.append("\\" + each)
        elif code < 32 or 0x7F <= code < 0xA0 or each in "\u2028\u2029":
            parts.append(f"\\u{code:04x}")
        else:
            parts.append(each)
    return quote + "".join(parts) + quote


def as_ion(value: dict[str, Any]) -> str:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return quoted(content, '"')
        case "N":
            return decimal_of(str(content))
        case "B":
            return f"{{{{{content}}}}}"
        case "BOOL":
            return str(content).lower()
        case "NULL":
            return "null"
        case "L":
            return "[" + ",".join(map(as_ion, content)) + "]"
        case "M":
            return struct_of(content)
        case _:
            return f"$dynamodb_{kind}::[" + ",".join(as_ion({kind[0]: each}) for each in content) + "]"


def decimal_of(text: str) -> str:
    sign, digits, exponent = Decimal(text).as_tuple()
    whole = "".join(map(str, digits))
    return f"{'-' if sign else ''}{whole}d{exponent}" if exponent else f"{'-' if sign else ''}{whole}."


def struct_of(members: dict[str, Any]) -> str:
    return "{" + ",".join(f"{quoted(name, chr(39))}:{as_ion(each)}" for name, each in members.items()) + "}"


@given(st.lists(items(), max_size=4), st.sampled_from(["$ion_1_0 ", " $ion_1_0 ", ""]))
def test_every_item_has_the_same_values(found: list[dict[str, Any]], start: str) -> None:
    """All types, numbers with all digits; the lines are what the fast check accepts."""
    lines = [f"{start}{{Item:{struct_of(item)}}}\n".encode() for item in found]
    made = split_lines(ion_to_lines([*lines, b"\n"]))
    assert len(made) == len(found)
    for item, line in zip(found, made, strict=True):
        assert is_item(line)
        assert equal_items(json.loads(line)["Item"], item)


@pytest.mark.parametrize(
    ("ion", "number"),
    [
        ("103.", "103"),
        ("6d2", "600"),
        ("-1.50", "-1.50"),
        ("0.", "0"),
        ("-0.", "0"),
        ("0d7", "0"),
        ("1d125", "1E125"),
        ("-1d-130", "-1E-130"),
        ("12345678901234567890123456789012345678.", "12345678901234567890123456789012345678"),
        ("0.12345678901234567890123456789012345678", "0.12345678901234567890123456789012345678"),
    ],
)
def test_numbers_have_all_their_digits(ion: str, number: str) -> None:
    """None of them is a float on the way."""
    line = ion_to_lines([f"$ion_1_0 {{Item:{{id:{ion}}}}}".encode()])
    assert json.loads(line) == {"Item": {"id": {"N": number}}}
    assert LineChecker((KeyAttribute("id", "HASH", "N"),)).check(line, [line]).defects == {}


def test_the_example_of_the_guide_is_read() -> None:
    """The types of the developer guide, in one item."""
    line = (
        b'$ion_1_0 {Item:{Authors:$dynamodb_SS::["Author1","Author2"],Dimensions:"8.5 x 11.0 x 1.5",'
        b'ISBN:"333-3333333333",Id:103.,InPublication:false,PageCount:6d2,Price:2d3,Image:{{aGVsbG8=}},Gone:null}}\n'
    )
    assert json.loads(ion_to_lines([line]))["Item"] == {
        "Authors": {"SS": ["Author1", "Author2"]},
        "Dimensions": {"S": "8.5 x 11.0 x 1.5"},
        "ISBN": {"S": "333-3333333333"},
        "Id": {"N": "103"},
        "InPublication": {"BOOL": False},
        "PageCount": {"N": "600"},
        "Price": {"N": "2000"},
        "Image": {"B": base64.b64encode(b"hello").decode()},
        "Gone": {"NULL": True},
    }


@pytest.mark.parametrize(
    "value",
    [
        "1",
        "1e0",
        "nan",
        "2026-11-24",
        "sym",
        "other::[1.]",
        "$dynamodb_SS::[]",
        "$dynamodb_SS::[1.]",
        "$dynamodb_SS::$dynamodb_NS::[1.]",
        "$dynamodb_NS::1.",
        '{a:"x",a:"y"}',
        "(1. 2.)",
        '{{"clob"}}',
        "[1",
    ],
)
def test_what_dynamodb_does_not_write_is_no_item(value: str) -> None:
    """Other types of Ion, annotations, fields twice; the message quotes nothing."""
    line = f'$ion_1_0 {{Item:{{id:"{SECRET}",x:{value}}}}}'.encode()
    with pytest.raises(DataIncomplete) as raised:
        ion_to_lines([line])
    assert SECRET not in f"{raised.value.message} {raised.value.hint}"
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize(
    "line", [b"{}", b'"s3cr3t"', b"{Item:1.}", b'{Item:{id:"a"},Other:1.}', b"\xff", b"{Item:{}} {Item:{}}"]
)
def test_other_documents_are_no_items(line: bytes) -> None:
    """Whatever they are."""
    with pytest.raises(DataIncomplete, match="not an item or a change of one in Ion"):
        ion_to_lines([line])


KEY = {"id": {"S": "a"}, "n": {"N": "-1.5"}}
CUTTER = ChangeCutter((KeyAttribute("id", "HASH", "S"), KeyAttribute("n", "RANGE", "N")))


@given(
    st.none() | items(),
    st.none() | items(),
    st.sampled_from(["$ion_1_0 {{Record:{{{}}}}}\n", " $ion_1_0 {{{}}}\n"]),
    st.sampled_from(["1768387643192366.", "1768387643192366", '"1768387643192366"', "1768387643192366d0"]),
    st.randoms(),
)
def test_every_change_has_the_same_values(
    old: dict[str, Any] | None, new: dict[str, Any] | None, form: str, micros: str, random: Random
) -> None:
    """Whatever the order of its members; it is cut like a change in DynamoDB JSON."""
    both = {"OldImage": old, "NewImage": new}
    images = {name: each | KEY for name, each in both.items() if each is not None}
    members = [f"Metadata:{{WriteTimestampMicros:{micros}}}", f"Keys:{struct_of(KEY)}"]
    members += [f"{name}:{struct_of(each)}" for name, each in images.items()]
    random.shuffle(members)
    (line,) = split_lines(ion_to_changes([form.format(",".join(members)).encode()]))
    document = json.loads(line)
    assert list(document) == ["Metadata", "Keys", *images]
    assert all(equal_items(document[name], each) for name, each in images.items())
    (timestamp,) = CUTTER.read_heads([line]).micros
    assert timestamp == 1768387643192366
    cut = json.loads(CUTTER.cut(line))
    if new is None:
        assert cut == {"Key": KEY}
    else:
        assert equal_items(cut["Item"], new | KEY)


def test_a_change_of_the_sandbox_is_the_same_in_both_formats() -> None:
    """The key of a window in Ion is that of the same item in an export in JSON."""
    change = (1768387643192366, KEY, None, KEY | {"v": {"SS": ["é\n"]}})
    (line,) = split_lines(ion_to_changes([ion_change(*change)]))
    assert line == json_change(*change)


@pytest.mark.parametrize(
    "line",
    [
        '{Item:{id:"s3cr3t"}}',
        '{Record:{Keys:{id:"s3cr3t"}}}',
        "{Record:{Metadata:{WriteTimestampMicros:1.}}}",
        '{Record:{Metadata:{WriteTimestampMicros:1.5},Keys:{id:"s3cr3t"}}}',
        '{Record:{Metadata:{WriteTimestampMicros:-1.},Keys:{id:"s3cr3t"}}}',
        '{Record:{Metadata:{WriteTimestampMicros:null.decimal},Keys:{id:"s3cr3t"}}}',
        '{Record:{Metadata:{},Keys:{id:"s3cr3t"}}}',
        '{Record:{Metadata:{WriteTimestampMicros:1.},Keys:{id:"s3cr3t"},Other:{}}}',
        '{Record:{Metadata:{WriteTimestampMicros:1.},Keys:{id:"s3cr3t"},Keys:{}}}',
        '{Record:{Metadata:{WriteTimestampMicros:1.},Keys:"s3cr3t"}}',
        '{Record:{Metadata:{WriteTimestampMicros:1.},Keys:{id:"s3cr3t"},NewImage:1.}}',
        '{Record:{Metadata:{WriteTimestampMicros:1.},Keys:{id:"s3cr3t"}},Item:{}}',
        "",
    ],
)
def test_what_is_no_change_is_refused(line: str) -> None:
    """In a message that quotes nothing. An empty line is none at all."""
    if not line:
        assert ion_to_changes([b"\n"]) == b""
        return
    with pytest.raises(DataIncomplete) as raised:
        ion_to_changes([f"$ion_1_0 {line}\n".encode()])
    assert SECRET not in f"{raised.value.message} {raised.value.hint}"


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is read or written."""
    require_ion("s3://vault/x/")
    monkeypatch.setitem(sys.modules, "amazon.ion", None)
    monkeypatch.setattr("ddbbackup.archive.ion.find_spec", lambda name: None)
    with pytest.raises(Refused, match="s3://vault/x/ has the format ION") as raised:
        require_ion("s3://vault/x/")
    assert "the extra `ion`" in raised.value.hint
