"""Lines of incremental exports: cut into puts and deletes as bytes, or refused as damaged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable_item
from ddbbackup.archive.changes import ChangeCutter
from ddbbackup.archive.item_keys import ItemKeys
from ddbbackup.errors import DataIncomplete
from ddbbackup.ports import KeyAttribute
from tests.support.items import items, scalars, texts, values

KEYS = (KeyAttribute("id", "HASH", "S"),)
CUTTER = ChangeCutter(KEYS)
HEAD = b'{"Metadata":{"WriteTimestampMicros":{"N":"1768387643192366"}},"Keys":{"id":{"S":"a"}}'
MICROS = 1768387643192366

# Attributes that are called like the members of a change, or like types, at any depth.
TRAPS = st.sampled_from(
    ["NewImage", "OldImage", "Keys", "Metadata", "Item", "S", "M", "id", ',"NewImage":{"']
)
trap_values = st.recursive(
    scalars | st.builds(lambda v: {"S": v}, TRAPS),
    lambda inner: st.builds(lambda v: {"M": v}, st.dictionaries(TRAPS, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def images(draw: st.DrawFn, keys: dict[str, Any]) -> dict[str, Any]:
    attributes = draw(st.dictionaries(TRAPS | texts.filter(bool), trap_values | values, max_size=5)) | keys
    return dict(draw(st.permutations(list(attributes.items()))))


@st.composite
def changes(draw: st.DrawFn, schema: tuple[KeyAttribute, ...] = KEYS) -> dict[str, Any]:
    """A change as AWS describes it, with both views."""
    keys = {
        key.name: {"S": draw(texts)} if key.type == "S" else {"N": str(draw(st.integers()))} for key in schema
    }
    keys = dict(draw(st.permutations(list(keys.items()))))
    change: dict[str, Any] = {
        "Metadata": {"WriteTimestampMicros": {"N": str(draw(st.integers(0, 10**17)))}},
        "Keys": keys,
    }
    kind = draw(st.sampled_from(["insert", "update", "delete", "key"]))
    if kind in ("update", "delete"):
        change["OldImage"] = draw(images(keys))
    if kind in ("insert", "update"):
        change["NewImage"] = draw(images(keys))
    return change


def read_head(cutter: ChangeCutter, line: bytes) -> tuple[bytes, int]:
    (key,), (micros,) = cutter.read_heads([line])
    return key, micros


def cut(cutter: ChangeCutter, line: bytes) -> bytes:
    """Alone and with others it is cut in the same way."""
    expected = cutter.cut(line)
    puts, deletes = cutter.cut_all(line, [line])
    assert (puts, deletes) in (([expected], []), ([], [expected]))
    assert bool(puts) is expected.startswith(b'{"Item"')
    return expected


def check(line: bytes, change: dict[str, Any], schema: tuple[KeyAttribute, ...] = KEYS) -> bytes:
    """Cuts the line. A member that is unknown today stays behind the new image; DynamoDB ignores it in a request."""
    cutter = ChangeCutter(schema)
    micros = int(change["Metadata"]["WriteTimestampMicros"]["N"])
    assert read_head(cutter, line) == (ItemKeys(schema).of_item(change["Keys"]), micros)
    written = cut(cutter, line)
    assert written.endswith(b"}\n")
    content = json.loads(written)
    if "NewImage" not in change:
        assert content == {"Key": change["Keys"]}
    else:
        assert content["Item"] == change["NewImage"]
        assert content.keys() <= {"Item", "Version", "Context"}
    return written


@given(changes())
def test_a_change_as_aws_writes_it(change: dict[str, Any]) -> None:
    line = json.dumps(change, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    written = check(line, change)
    if "NewImage" in change:
        image = json.dumps(change["NewImage"], ensure_ascii=False, separators=(",", ":")).encode()
        assert written == b'{"Item":' + image + b"}\n"


@given(st.lists(changes(), max_size=8))
def test_many_changes_are_cut_like_each_of_them(many: list[dict[str, Any]]) -> None:
    lines = [json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for each in many]
    each = [CUTTER.cut(line) for line in lines]
    puts, deletes = CUTTER.cut_all(b"".join(lines), lines)
    assert sorted(puts) == sorted(line for line in each if line.startswith(b'{"Item"'))
    assert sorted(deletes) == sorted(line for line in each if line.startswith(b'{"Key"'))
    heads = CUTTER.read_heads(lines)
    assert list(zip(*heads, strict=True)) == [read_head(CUTTER, line) for line in lines]


COMPOSITE = (KeyAttribute("sort", "RANGE", "N"), KeyAttribute("id", "HASH", "S"))


@given(changes(COMPOSITE), st.data(), st.booleans(), st.sampled_from([(",", ":"), (", ", ": ")]))
def test_a_change_in_any_other_form_of_json(
    change: dict[str, Any], data: st.DataObject, ascii_only: bool, separators: tuple[str, str]
) -> None:
    extra: dict[str, Any] = data.draw(
        st.sampled_from([{}, {"Version": "2"}, {"Context": {"M": {"NewImage": {"S": "x"}}}}])
    )
    members = dict(data.draw(st.permutations(list((change | extra).items()))))
    line = json.dumps(members, ensure_ascii=ascii_only, separators=separators).encode() + b"\n"
    check(line, change, COMPOSITE)


@given(changes(), st.data())
def test_a_damaged_line_is_refused_or_means_what_json_says(
    change: dict[str, Any], data: st.DataObject
) -> None:
    line = json.dumps(change, ensure_ascii=False, separators=(",", ":")).encode()
    start = data.draw(st.integers(0, len(line)))
    end = min(len(line), start + data.draw(st.integers(0, 20)))
    copied = data.draw(st.integers(0, len(line)))
    damaged = line[:start] + line[copied : copied + data.draw(st.integers(0, 30))] + line[end:] + b"\n"
    try:
        written = cut(CUTTER, damaged)
    except DataIncomplete:
        return
    try:
        document = json.loads(damaged)
    except ValueError:
        return  # the writer gives it to the table as it is, which rejects what is not JSON
    content = json.loads(written)
    if "Item" not in content:
        assert "NewImage" not in document
        assert content["Key"] == document["Keys"]
    else:
        assert comparable_item(content["Item"]) == comparable_item(document["NewImage"])
    assert read_head(CUTTER, damaged)[0] == ItemKeys(KEYS).of_item(document["Keys"])


@pytest.mark.parametrize(
    ("rest", "line"),
    [
        (b"}", b'{"Key":{"id":{"S":"a"}}}\n'),
        (b',"OldImage":{"id":{"S":"a"}}}', b'{"Key":{"id":{"S":"a"}}}\n'),
        (b',"OldImage":{"id":{"S":"a"},"NewImage":{"S":"x"}}}', b'{"Key":{"id":{"S":"a"}}}\n'),
        (b',"OldImage":{"id":{"S":"a"},"x":{"S":"\\",\\"NewImage\\":{\\""}}}', b'{"Key":{"id":{"S":"a"}}}\n'),
        (b',"NewImage":{"id":{"S":"a"},"n":{"N":"1.50"}}}', b'{"Item":{"id":{"S":"a"},"n":{"N":"1.50"}}}\n'),
        (b',"NewImage":{"S":{"S":"x"},"id":{"S":"a"}}}', b'{"Item":{"S":{"S":"x"},"id":{"S":"a"}}}\n'),
        (
            b',"OldImage":{"NewImage":{"M":{"id":{"S":"a"}}},"id":{"S":"a"}},"NewImage":{"id":{"S":"a"}}}',
            b'{"Item":{"id":{"S":"a"}}}\n',
        ),
        (
            b',"NewImage":{"id":{"S":"a"}},"OldImage":{"id":{"S":"a"},"NewImage":{"S":"x"}}}',
            b'{"Item":{"id":{"S":"a"}}}\n',
        ),
        (b',"N\\u0065wImage":{"id":{"S":"\\u0061"}}}', b'{"Item":{"id":{"S":"\\u0061"}}}\n'),
        (b' , "NewImage" : {"id":{"S":"a"}} } ', b'{"Item":{"id":{"S":"a"}}}\n'),
    ],
)
def test_bytes_are_cut_and_never_changed(rest: bytes, line: bytes) -> None:
    assert cut(CUTTER, HEAD + rest + b"\n") == line
    assert read_head(CUTTER, HEAD + rest + b"\n") == (b"a", MICROS)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"no JSON\n",
        b'{"Item":{"id":{"S":"a"}}}\n',
        HEAD + b',"NewImage":{"id":{"S":"b"}}}\n',  # another item than the keys say
        HEAD + b',"NewImage":{"x":{"S":"a"}}}\n',  # no key
        HEAD + b',"NewImage":{}}\n',
        HEAD + b',"NewImage":null}\n',
        HEAD + b',"NewImage":{"id":{"S":"a"},"id":{"S":"b"}}}\n',
        HEAD + b',"NewImage":{"id":{"S":"a"}},"NewImage":{"id":{"S":"a"},"n":{"N":"1"}}}\n',
        HEAD + b',"NewImage":{"id":{"S":"a"}},"Keys":{"id":{"S":"b"}}}\n',
        HEAD + b',"NewImage":{"id":{"S":"a"}},"Metadata":{}}\n',
        HEAD
        + b',"OldImage":{"id":{"S":"a"}},"OldImage":{"id":{"S":"a"}},"NewImage":{"id":{"S":"a"}},"\\u004bey":1}\n',
        HEAD + b'}{"Item":{}}\n',
        HEAD + b"} x\n",
        HEAD[:-1] + b',"extra":{"S":"x"}}}\n',  # more than the key of the table
        b'{"Keys":{"id":{"S":"a"}}}\n',
        b'{"Metadata":{"WriteTimestampMicros":{"N":1}},"Keys":{"id":{"S":"a"}}}\n',
        b'{"Metadata":{"WriteTimestampMicros":{"N":"-1"}},"Keys":{"id":{"S":"a"}}}\n',
        b'{"Metadata":{"WriteTimestampMicros":{"N":"9999999999999999999999"}},"Keys":{"id":{"S":"a"}}}\n',
        b'{"Metadata":{"WriteTimestampMicros":{"N":"1"}},"Keys":{"id":{"N":"1"}}}\n',
        b'{"Metadata":{"WriteTimestampMicros":{"N":"1"}},"Keys":["id"]}\n',
        b'{"Metadata":{"WriteTimestampMicros":{"N":"1"}},"Keys":{"id":{"S":"\xff"}} }\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_what_is_not_exactly_one_change_is_refused(line: bytes) -> None:
    with pytest.raises(DataIncomplete):
        CUTTER.cut(line)
    whole = HEAD + b',"NewImage":{"id":{"S":"a"}}}\n'
    with pytest.raises(DataIncomplete):
        CUTTER.cut_all(whole + line, [whole, line])


@given(items())
def test_the_last_line_may_lack_its_newline(item: dict[str, Any]) -> None:
    change = {"Metadata": {"WriteTimestampMicros": {"N": "1"}}, "Keys": {"id": item["id"]}, "NewImage": item}
    check(json.dumps(change).encode(), change)
