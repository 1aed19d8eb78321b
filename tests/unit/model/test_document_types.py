"""Documents are decoded by their types, from any number of threads."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from ddbbackup.model.documents import JSON_OBJECT, DocumentType, InvalidDocument, encode_document
from tests.support.records import record


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


POINTS = DocumentType(Point)


def test_a_document_becomes_a_value_of_its_type() -> None:
    """Members with a default may be missing, unknown ones are ignored."""
    assert POINTS.decode(b'{"x": 1, "z": [2]}') == Point(1)
    assert JSON_OBJECT.decode(b'{"x": [1.5]}') == {"x": [1.5]}
    POINTS.check({"x": 1, "z": 2})


@pytest.mark.parametrize(
    ("body", "defect"),
    [
        (b'{"x": "1"}', "Expected `int`, got `str` at $.x"),
        (b'{"y": 1}', "Object missing required field `x` at $"),
        (b"[]", "Expected `object`, got `array` at $"),
        (b'{"x": 1', "it is not JSON"),
        (b'{"x": 1, "z": ' + b"[" * 100_000, "it is not JSON"),
    ],
    ids=["wrong type", "missing", "list", "truncated", "deep"],
)
def test_the_defect_of_a_document_is_named(body: bytes, defect: str) -> None:
    """With its place, and without the content."""
    with pytest.raises(InvalidDocument) as invalid:
        POINTS.decode(body)
    assert str(invalid.value) == defect


def test_a_decoded_value_is_checked_in_the_same_way() -> None:
    with pytest.raises(InvalidDocument, match=r"Expected `int`, got `str` at \$\.x"):
        POINTS.check({"x": "1"})


def test_a_document_is_indented_and_ends_with_a_newline() -> None:
    """So that people can read it, and line-based tools too."""
    assert encode_document(Point(1)) == b'{\n  "x": 1,\n  "y": 0\n}\n'


@pytest.mark.parametrize("value", ["\ud800", object(), {1.5: object()}], ids=["surrogate", "object", "key"])
def test_a_value_that_json_cannot_hold_is_not_encoded(value: Any) -> None:
    with pytest.raises(InvalidDocument):
        encode_document({"value": value})


PREPARED = """
from ddbbackup.catalog import record, table_documents
from ddbbackup.restore import state
kinds = record.Record, record.RecordedTable, table_documents.TableDescription, state.RestoreProgress
print([hasattr(kind, "__msgspec_cache__") for kind in kinds])
"""
FROM_THREADS = """
import sys, threading
from ddbbackup.catalog.record import parse_record
sys.setswitchinterval(1e-6)
body, barrier, failed = sys.stdin.buffer.read(), threading.Barrier(16), []
def read():
    barrier.wait()
    try:
        parse_record(body, where="here")
    except BaseException as error:
        failed.append(error)
threads = [threading.Thread(target=read) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(failed)
"""


def test_types_are_prepared_when_their_module_is_imported() -> None:
    """msgspec analyses a type at its first use, and two threads at once can crash the interpreter."""
    done = subprocess.run([sys.executable, "-c", PREPARED], capture_output=True, text=True, check=True)
    assert done.stdout == "[True, True, True, True]\n"


def test_the_first_records_of_a_process_can_be_decoded_by_many_threads() -> None:
    """The catalog reads with several requests at a time."""
    body = record().to_json()
    done = subprocess.run([sys.executable, "-c", FROM_THREADS], input=body, capture_output=True, check=True)
    assert done.stdout == b"[]\n"
