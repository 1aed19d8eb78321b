"""The ledger: it never calls a file finished that is not, whoever wrote into it."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.bulk.ledger import LEDGER, RestoreIdentity, finished_file, ledger_entry, open_ledger
from ddbbackup.bulk.model import FinishedFile
from ddbbackup.errors import Refused

IDENTITY = RestoreIdentity("a random text", "0d2f-table")
FILE = FinishedFile("data/a", "FjvgqIxwymKf1RbbqtrZag==", 6, written=3, kept=1, equal=2, size_bytes=100)
OTHER = FinishedFile("data/b", "FjvgqIxwymKf1RbbqtrZag==", 0, written=0, kept=0, equal=0, size_bytes=20)


def finished(directory: Path, identity: RestoreIdentity = IDENTITY) -> frozenset[FinishedFile]:
    with open_ledger(directory, identity) as ledger:
        return ledger.finished_files()


def test_finished_files_are_known_to_the_next_run(tmp_path: Path) -> None:
    """Of the same restore, and of no other; nor if the table was made anew."""
    with open_ledger(tmp_path, IDENTITY) as ledger:
        ledger.record(FILE)
        ledger.record(OTHER)
    assert finished(tmp_path) == {FILE, OTHER}
    assert finished(tmp_path, RestoreIdentity("another text", IDENTITY.table_id)) == frozenset()
    assert finished(tmp_path, RestoreIdentity(IDENTITY.restore_id, "1e30-table")) == frozenset()


def test_another_machine_is_told_by_entries(tmp_path: Path) -> None:
    """They are JSON, and bound to the restore like the ledger itself."""
    with open_ledger(tmp_path / "here", IDENTITY) as ledger:
        ledger.record(FILE)
        document = json.loads(json.dumps({"finished": ledger.entries()}))
    with open_ledger(tmp_path / "there", IDENTITY) as ledger:
        ledger.seed(document["finished"])
        assert ledger.finished_files() == {FILE}
    assert finished(tmp_path / "there") == {FILE}
    with open_ledger(tmp_path / "elsewhere", RestoreIdentity("another text", "x")) as ledger:
        ledger.seed([*document["finished"], None, "x", 7, [], {}, {"proof": "x"}])
        assert ledger.finished_files() == frozenset()


CHANGES: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    lambda entry: entry | {"key": "data/c"},
    lambda entry: entry | {"md5": "x"},
    lambda entry: entry | {"item_count": 7, "written": 4},
    lambda entry: entry | {"written": 4, "kept": 0},
    lambda entry: entry | {"proof": "0" * 64},
    lambda entry: entry | {"more": 1},
    lambda entry: {name: value for name, value in entry.items() if name != "proof"},
    lambda entry: {name: value for name, value in entry.items() if name != "md5"},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_entry_is_ignored(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Its file is written again."""
    entry = ledger_entry(FILE, IDENTITY)
    assert finished_file(entry, IDENTITY) == FILE
    assert finished_file(change(entry), IDENTITY) is None


@pytest.mark.parametrize(
    "file",
    [
        FinishedFile("data/a", "x", 6, written=3, kept=1, equal=1, size_bytes=1),
        FinishedFile("data/a", "x", 1, written=2, kept=-1, equal=0, size_bytes=1),
        FinishedFile("data/a", "x", True, written=1, kept=0, equal=0, size_bytes=1),
    ],
)
def test_counts_that_do_not_add_up_are_ignored(file: FinishedFile) -> None:
    """Also of an entry that is ours."""
    assert finished_file(ledger_entry(file, IDENTITY), IDENTITY) is None


@given(at=st.integers(0, 10_000), garbage=st.binary(max_size=50))
def test_a_torn_or_damaged_ledger_never_invents_a_file(
    tmp_path_factory: pytest.TempPathFactory, at: int, garbage: bytes
) -> None:
    """A killed run leaves a line incomplete, a damaged disk anything."""
    directory = tmp_path_factory.mktemp("ledger")
    with open_ledger(directory, IDENTITY) as ledger:
        ledger.record(FILE)
        ledger.record(OTHER)
    path = directory / LEDGER
    body = path.read_bytes()
    place = at % (len(body) + 1)
    for damaged in (body[:place], body[:place] + garbage, body[:place] + garbage + body[place + 1 :]):
        path.write_bytes(damaged)
        assert finished(directory) <= {FILE, OTHER}
        with open_ledger(directory, IDENTITY) as ledger:
            ledger.record(FILE)
        assert FILE in finished(directory)


def _hold(directory: Path, ready: Any, done: Any) -> None:
    with open_ledger(directory, IDENTITY):
        ready.set()
        done.wait(30)


def test_two_processes_do_not_write_one_ledger(tmp_path: Path) -> None:
    """The second one is refused."""
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(tmp_path, ready, done))
    process.start()
    assert ready.wait(30)
    with pytest.raises(Refused, match="another run on this machine"):
        finished(tmp_path)
    done.set()
    process.join()


def test_a_directory_that_cannot_be_used_is_refused_with_what_to_set(tmp_path: Path) -> None:
    """Before anything is written to AWS."""
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="could not open the state directory") as raised:
        finished(tmp_path / "file" / "state")
    assert "DDBBACKUP_STATE_DIR" in raised.value.hint
