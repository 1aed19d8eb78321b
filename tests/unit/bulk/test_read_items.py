"""Finding and dumping the items of a restore point: all of them, none of a damaged file, and nothing left behind."""

from __future__ import annotations

import gzip
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbbackup.bulk import read_items as module
from ddbbackup.bulk import verified_stream, verify_units
from ddbbackup.bulk.item_filter import item_filter
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.point_lines import PointData
from ddbbackup.bulk.read_items import ItemFormat, ReadJob, ReadResult, read_items
from ddbbackup.bulk.unit_engine import Engine
from ddbbackup.conditions import compile_condition, parse_condition
from ddbbackup.errors import DataIncomplete, Refused
from ddbbackup.model.checksums import md5_base64
from ddbbackup.plan.model import Only
from ddbbackup.ports import KeyAttribute
from tests.support.conditions import Expression, expressions, items
from tests.support.folder_access import FolderAccess

KEYS = (KeyAttribute("id", "HASH", "S"), KeyAttribute("at", "RANGE", "N"))
THREADS = Engine(processes=0, threads=2)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One unit a file, and no pause before a file is read again."""
    monkeypatch.setattr(verified_stream, "READ_PAUSES_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(verify_units, "_UNIT_FILES", 1)


def put(root: Path, name: str, rows: list[dict[str, Any]]) -> DataFile:
    body = gzip.compress(b"".join(json.dumps({"Item": row}).encode() + b"\n" for row in rows), mtime=0)
    (root / name).write_bytes(body)
    return DataFile("vault", name, md5_base64(body), len(rows), size_bytes=len(body))


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": {"S": f"c-{number % 4}"}, "at": {"N": f"{number}"}, **more}


def read(
    root: Path,
    files: list[DataFile],
    only: Only | None = None,
    *,
    engine: Engine = THREADS,
    item_format: ItemFormat = "dynamodb-json",
) -> tuple[ReadResult, list[Any]]:
    emitted: list[bytes] = []
    chosen = item_filter(only, KEYS) if only is not None else None
    result = read_items(
        ReadJob(PointData(tuple(files), KEYS, "orders"), root / "state", chosen, item_format),
        emitted.append,
        access=FolderAccess(root),
        on_progress=lambda progress: None,
        stop=threading.Event(),
        engine=engine,
    )
    assert not any((root / "state").iterdir())
    return result, [json.loads(line) for line in b"".join(emitted).splitlines()]


@pytest.mark.parametrize("engine", [THREADS, Engine(2, 1)], ids=["threads", "processes"])
@pytest.mark.parametrize("held", [10, 4 << 20], ids=["in files", "in memory"])
def test_every_item_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine, held: int) -> None:
    """Much of a unit is kept in a private file, little in memory."""
    monkeypatch.setattr(module, "_HELD_BYTES", held)
    rows = [row(number) for number in range(50)]
    files = [put(tmp_path, f"f{n}", rows[n::3]) for n in range(3)]
    result, found = read(tmp_path, files, engine=engine)
    assert sorted(int(each["Item"]["at"]["N"]) for each in found) == list(range(50))
    assert (result.items, result.counts.lines) == (50, 50)


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (Only(partition="c-1"), [1, 5, 9]),
        (Only(partition={"S": "c-1"}), [1, 5, 9]),
        (
            Only(
                keys=({"id": "c-1", "at": "5.0"}, {"id": "c-2", "at": {"N": "2"}}, {"id": "c-1", "at": "2"})
            ),
            [2, 5],
        ),
        (Only(keys=tuple({"id": f"c-{n % 4}", "at": f"{n}"} for n in range(100))), list(range(10))),
        (Only(where="at >= :n", values={":n": {"N": "8"}}), [8, 9]),
    ],
)
def test_only_what_is_selected(tmp_path: Path, only: Only, expected: list[int]) -> None:
    """By keys of any spelling, also by more keys than are searched as bytes."""
    file = put(tmp_path, "f", [row(number) for number in range(10)])
    result, found = read(tmp_path, [file], only, item_format="json")
    assert sorted(each["at"] for each in found) == expected
    assert (result.items, result.counts.lines) == (len(expected), 10)


@settings(max_examples=60, deadline=None)
@given(st.lists(items, max_size=8), expressions())
def test_a_condition_selects_the_items_that_it_matches(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], expression: Expression
) -> None:
    root = tmp_path_factory.mktemp("read")
    numbered = [{**each, **row(number)} for number, each in enumerate(rows)]
    file = put(root, "f", numbered)
    only = Only(where=expression.text, names=expression.names, values=expression.values)
    matches = compile_condition(parse_condition(expression.text, expression.names, expression.values))
    _, found = read(root, [file], only)
    assert [each["Item"] for each in found] == [each for each in numbered if matches(each)]


def test_nothing_of_a_damaged_file_is_handed_out(tmp_path: Path) -> None:
    """Its first blocks look like any other."""
    file = replace(put(tmp_path, "f", [row(number) for number in range(10)]), item_count=11)
    emitted: list[bytes] = []
    with pytest.raises(DataIncomplete, match="it holds 10 items, but the manifest says 11"):
        read_items(
            ReadJob(PointData((file,), KEYS, "orders"), tmp_path / "state"),
            emitted.append,
            access=FolderAccess(tmp_path),
            on_progress=lambda progress: None,
            stop=threading.Event(),
        )
    assert emitted == []
    assert not any((tmp_path / "state").iterdir())


@pytest.mark.parametrize(
    "only",
    [
        Only(keys=({"id": "c-1"},)),
        Only(keys=({"id": "c-1", "at": "x"},)),
        Only(keys=({"id": "c-1", "at": {"S": "1"}},)),
        Only(partition={"N": "1"}),
        Only(where="a = :b"),
    ],
)
def test_what_does_not_fit_the_table_is_refused(only: Only) -> None:
    with pytest.raises(Refused):
        item_filter(only, KEYS)
