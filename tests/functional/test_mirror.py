"""``existing: mirror``, through the program on the sandbox: from the command line to the table."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import pytest

from tests.support.aws import Aws, in_order
from tests.support.calls import calls_of_sandbox
from tests.support.plans import plan
from tests.support.program import Program

Item = dict[str, Any]
ITEMS: list[Item] = [
    {"id": {"S": f"k{n:02}"}, "v": {"N": "1"}, "tags": {"SS": ["a", "b"]}} for n in range(40)
]
EXTRA: Item = {"id": {"S": "extra"}}
WRITES: Final = ("PutItem", "DeleteItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems")
WORDS: Final = ("restore", "--create", "never", "--existing", "mirror", "--output", "json")


@pytest.fixture
def edited(sandbox: Aws, bucket: str, name: str, program: Program) -> str:
    """A table with a backup, which is then edited: 1 item is missing, 2 have changed, 1 is extra."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    assert program.run("backup").code == 0
    sandbox.dynamodb.delete_item(TableName=name, Key={"id": ITEMS[0]["id"]})
    sandbox.put(name, *({**item, "v": {"N": "2"}} for item in ITEMS[1:3]))
    sandbox.put(name, {**ITEMS[3], "tags": {"SS": ["b", "a"]}})  # equal
    sandbox.put(name, EXTRA)
    return name


def test_the_table_equals_the_restore_point(edited: str, sandbox: Aws, program: Program) -> None:
    done = program.run(*WORDS, "--table", edited, "--yes")
    assert done.code == 0, done.err
    facts = done.facts
    assert (facts["missing"], facts["changed"], facts["extra"]) == (1, 2, 1)
    assert (facts["items"], facts["written"], facts["deleted"], facts["kept"]) == (40, 3, 1, 0)
    assert sandbox.items(edited) == in_order(ITEMS)
    assert program.run("diff", "--table", edited, "--detailed-exitcode").code == 0
    again = program.run(*WORDS, "--table", edited, "--yes")
    assert (again.code, again.facts["written"], again.facts["deleted"]) == (0, 0, 0)


def test_only_what_differs_is_written(edited: str, program: Program) -> None:
    """Nothing else, by the calls that the sandbox received."""
    with calls_of_sandbox() as calls:
        assert program.run(*WORDS, "--table", edited, "--yes").code == 0
    writes = Counter(call.operation for call in calls if call.operation in WRITES)
    assert writes == {"PutItem": 3, "DeleteItem": 1}


def test_too_many_deletes_are_refused(edited: str, sandbox: Aws, program: Program) -> None:
    """Before anything is written; `--yes-delete` allows them, if the number is large enough."""
    more: list[Item] = [{"id": {"S": f"extra{n}"}} for n in range(5)]
    sandbox.put(edited, *more)
    before = sandbox.items(edited)
    refused = program.run(*WORDS, "--table", edited, "--yes")
    assert refused.code == 1
    assert f"6 of 45 items of {edited} are not in the restore point" in refused.error["message"]
    assert "--yes-delete 6" in refused.error["hint"]
    assert program.run(*WORDS, "--table", edited, "--yes", "--yes-delete", "5").code == 1
    assert sandbox.items(edited) == before
    allowed = program.run(*WORDS, "--table", edited, "--yes", "--yes-delete", "6")
    assert (allowed.code, allowed.facts["deleted"]) == (0, 6)
    assert sandbox.items(edited) == in_order(ITEMS)


def test_a_terminal_shows_the_counts_and_asks(edited: str, sandbox: Aws, program: Program) -> None:
    before = sandbox.items(edited)
    words = ["restore", "--table", edited, "--existing", "mirror"]
    code, shown = program.on_terminal("yes", *words)
    assert code == 1, shown
    for fact in ("1 missing item", "2 changed items", "1 extra item", "so nothing was written"):
        assert fact in shown
    assert sandbox.items(edited) == before
    assert not list((program.directory / "state" / "comparisons").iterdir())
    code, shown = program.on_terminal(edited, *words)
    assert code == 0, shown
    assert sandbox.items(edited) == in_order(ITEMS)
    sandbox.put(edited, *({"id": {"S": f"extra{n}"}} for n in range(9)))
    code, shown = program.on_terminal(edited, *words)
    assert code == 1, shown
    assert "pass --yes-delete 9" in shown
    assert "to confirm" not in shown


def test_elsewhere_yes_is_needed(edited: str, sandbox: Aws, program: Program) -> None:
    before = sandbox.items(edited)
    refused = program.run(*WORDS, "--table", edited)
    assert refused.code == 1
    assert "`--existing mirror` replaces and deletes its items" in refused.error["message"]
    assert sandbox.items(edited) == before


def test_what_cannot_be_combined(edited: str, program: Program) -> None:
    cases = [
        (("--accept-incomplete",), "--accept-incomplete would delete the lost items"),
        (("--drop", "v"), "makes the target equal to the restore point, so its items cannot be changed"),
        (("--existing", "overwrite", "--yes-delete", "1"), "--yes-delete applies to `--existing mirror`"),
        (("--partition", "k01"), "all other items would be deleted"),
        (("--method", "bulk-put"), "cannot write only what differs"),
        (("--method", "import"), "has no effect"),
        (("--existing", "keep", "--max-deletes-percent", "5"), "has no effect without"),
    ]
    for more, message in cases:
        mirror = () if "--existing" in more else ("--existing", "mirror")
        done = program.run("restore", *mirror, "--table", edited, "--yes", *more)
        assert (done.code, message in done.err) == (64, True), done.err
