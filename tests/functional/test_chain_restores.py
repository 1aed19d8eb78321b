"""Restores of a full backup and the windows that follow it, by running the program against the sandbox."""

from __future__ import annotations

import copy
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from ddbbackup.restore import shared_state
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.aws import Aws, in_order
from tests.support.fault_proxy import FaultProxy
from tests.support.plans import plan
from tests.support.program import Program
from tests.support.taken_exports import take_export

HOUR = 3600.0
Item = dict[str, Any]


def item(number: int, version: int = 0) -> Item:
    return {"id": {"S": f"k{number}"}, "v": {"N": f"{version}"}, "note": {"S": ',"NewImage":{"'}}


class Vault:
    """A table with a chain of backups. ``states``: its items at each restore point, by the ID of the backup."""

    def __init__(self, aws: Aws, bucket: str, table: str, program: Program, clock: SandboxClock) -> None:
        self.aws, self.bucket, self.table, self.program, self.clock = aws, bucket, table, program, clock
        self.states: dict[str, list[Item]] = {}

    def write(self, *items: Item) -> None:
        self.aws.put(self.table, *items)

    def delete(self, *numbers: int) -> None:
        for number in numbers:
            self.aws.dynamodb.delete_item(TableName=self.table, Key={"id": {"S": f"k{number}"}})

    def back_up(self) -> str:
        """Returns the ID of the backup."""
        self.clock.advance(HOUR)
        done = self.program.run("backup")
        assert done.code == 0, done.err
        record = json.loads(self.aws.read(self.bucket, self.aws.record_keys(self.bucket, self.table)[-1]))
        self.states[record["id"]] = self.aws.items(self.table)
        return str(record["id"])

    def restore(self, backup: str, target: str, *options: str, **members: Any) -> Any:
        """Runs a restore with these ``members`` of its element in the plan."""
        self.plan_restore(target, **members)
        return self.program.run("restore", "back", "--from", backup, "--output", "json", *options)

    def start_later(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts a process of the program that has the time of the sandbox. The test must end it."""
        ahead_seconds = str(self.clock.ahead_seconds)
        return subprocess.Popen(
            [sys.executable, "-m", "ddbbackup.sandbox.later", ahead_seconds, *arguments],
            cwd=self.program.directory,
            env=self.program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def count(self, table: str) -> int:
        """The number of items; 0 also if the table does not exist."""
        return len(self.aws.items(table)) if self.aws.exists(table) else 0

    def plan_restore(self, target: str, **members: Any) -> None:
        restore = {"table": self.table, "to": {"table": target}, **members}
        tables = [{"name": self.table, "method": "incremental"}]
        self.program.plan(plan(self.aws, self.bucket, tables=tables, restores={"back": restore}))

    def data_keys(self) -> list[str]:
        """The data files of all windows."""
        return [key for key in self.aws.keys(self.bucket) if "/AWSDynamoDB/data/" in key]


def make_vault(
    sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock, **entry: Any
) -> Vault:
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "method": "incremental", **entry}]))
    return Vault(sandbox, bucket, name, program, clock)


@pytest.fixture
def vault(sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock) -> Vault:
    """A full backup of 20 items, and two windows: updates, inserts, deletes, and an item that comes back."""
    made = make_vault(sandbox, bucket, name, program, clock)
    made.write(*(item(n) for n in range(20)))
    made.back_up()
    made.write(*(item(n, 1) for n in range(5)), item(20, 1), item(21, 1))
    made.delete(10, 11, 12)
    made.back_up()
    made.write(item(0, 2), item(10, 2), item(22, 2))
    made.delete(20, 5)
    made.back_up()
    return made


@pytest.mark.parametrize("view", ["NEW_AND_OLD_IMAGES", "NEW_IMAGE"])
def test_every_recorded_instant_can_be_restored(
    sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock, view: str
) -> None:
    """Random puts, updates and deletes over few keys, in six windows, one of them without any change."""
    chance = random.Random(view)
    vault = make_vault(sandbox, bucket, name, program, clock, view=view)
    vault.write(*(item(n) for n in range(30)))
    vault.back_up()
    for version in range(1, 7):
        if version != 4:
            for _ in range(15):
                number = chance.randrange(45)
                if chance.random() < 0.3:
                    vault.delete(number)
                else:
                    vault.write(item(number, version))
        vault.back_up()
    assert len(vault.states) == 7
    for number, (backup, items) in enumerate(vault.states.items()):
        restored = vault.restore(backup, f"{name}-{number}")
        assert restored.code == 0, restored.err
        assert vault.aws.items(f"{name}-{number}") == in_order(items)
        assert restored.facts["items"] == len(items)
        assert restored.facts["backup"] == backup
        if number:
            assert restored.facts["windows"] == number


def test_the_counts_close(vault: Vault, name: str) -> None:
    """Items of the full backup, less those that change later, with the puts of the windows."""
    backup = list(vault.states)[-1]
    facts = vault.restore(backup, f"{name}-2").facts
    assert facts["changes"] == 10 + 5
    # Of the full backup k0 to k5 and k10 to k12; of the first window k0, k10 and k20.
    assert facts["superseded"] == 9 + 3
    assert facts["deleted"] == 4  # k5, k11, k12, k20
    assert facts["written"] == len(vault.states[backup]) == 20 + 15 - 12 - 4


def test_a_live_table_is_put_back(vault: Vault, name: str) -> None:
    """Items that the restore point does not hold stay, also under a key that a window deleted."""
    backup, items = list(vault.states.items())[-1]
    vault.write(item(0, 9), item(11, 9), item(99, 9))
    vault.delete(1)
    done = vault.restore(backup, name, "--yes", existing="overwrite")
    assert done.code == 0, done.err
    assert vault.aws.items(name) == in_order([*items, item(11, 9), item(99, 9)])
    assert done.facts["deleted"] == 4


def test_a_chain_and_a_full_export_of_the_same_instant_leave_the_same_table(vault: Vault, name: str) -> None:
    """Whatever the table held before: how the backup was made must not decide what is lost."""
    backup, items = list(vault.states.items())[-1]
    full = (
        take_export(vault.aws, name, vault.bucket, S3Prefix="elsewhere")
        .summary["exportArn"]
        .rpartition("/")[2]
    )
    existing = [item(0, 9), item(5, 9), item(11, 9), item(99, 9)]
    for number in (2, 3):
        vault.aws.create_table(f"{name}-{number}")
        vault.aws.put(f"{name}-{number}", *existing)
    assert vault.restore(backup, f"{name}-2", "--yes", existing="overwrite").code == 0
    source = {"s3_uri": f"s3://{vault.bucket}/elsewhere/AWSDynamoDB/{full}/"}
    vault.plan_restore(f"{name}-3", existing="overwrite", **{"from": source})
    done = vault.program.run("restore", "back", "--yes")
    assert done.code == 0, done.err
    assert vault.aws.items(f"{name}-2") == vault.aws.items(f"{name}-3") == in_order([*items, *existing[1:]])


def test_existing_items_are_kept_and_deleted_ones_do_not_come_back(vault: Vault, name: str) -> None:
    backup, items = list(vault.states.items())[-1]
    vault.write(item(0, 9), item(11, 9))
    vault.delete(1)
    done = vault.restore(backup, name, "--yes", existing="keep")
    assert done.code == 0, done.err
    expected = [each for each in items if each["id"]["S"] != "k0"]
    assert vault.aws.items(name) == in_order([*expected, item(0, 9), item(11, 9)])


def test_an_import_loads_the_full_backup_and_then_the_changes_are_written(vault: Vault, name: str) -> None:
    backup, items = list(vault.states.items())[-1]
    done = vault.restore(backup, f"{name}-2", method="import")
    assert done.code == 0, done.err
    assert done.facts["method"] == "import"
    assert vault.aws.items(f"{name}-2") == in_order(items)
    assert done.facts["deleted"] == 4


@pytest.mark.parametrize("written", [0, 1])
@pytest.mark.parametrize("other_machine", [False, True])
def test_an_import_that_stopped_before_its_changes_is_continued(
    vault: Vault, name: str, written: int, other_machine: bool
) -> None:
    """The full backup is not imported again, and every change is written, also by another machine."""
    backup, items = list(vault.states.items())[-1]
    batches = 0

    def rule(operation: str, body: bytes) -> tuple[int, bytes] | None:
        nonlocal batches
        batches += operation == "BatchWriteItem"
        if operation != "BatchWriteItem" or batches <= written:
            return None
        denied = {"__type": "com.amazon.coral.service#AccessDeniedException", "message": "not allowed"}
        return 400, json.dumps(denied).encode()

    aws = vault.aws
    with FaultProxy(aws.url, rule) as proxy:
        vault.aws = copy.copy(aws)
        vault.aws.endpoint_urls = {**aws.endpoint_urls, "dynamodb": proxy.url}
        stopped = vault.restore(backup, f"{name}-2", method="import")
    vault.aws = aws
    assert stopped.code == 77, stopped.err
    if other_machine:
        shutil.rmtree(vault.program.directory / "state")

    done = vault.restore(backup, f"{name}-2", method="import")

    assert done.code == 0, done.err
    assert aws.items(f"{name}-2") == in_order(items)
    imports = aws.dynamodb.list_imports()["ImportSummaryList"]
    assert sum(each["TableArn"].endswith(f"/{name}-2") for each in imports) == 1


@pytest.mark.parametrize("other_machine", [False, True])
def test_a_killed_restore_is_resumed_and_complete(
    vault: Vault, name: str, other_machine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL while the items of some files are written; then on the same machine, or on one without its state."""
    monkeypatch.setattr(shared_state, "LEASE_SECONDS", 0.2)
    monkeypatch.setattr(shared_state, "_LOOK_SECONDS", 0.1)
    backup, items = list(vault.states.items())[-1]
    target = f"{name}-2"
    vault.plan_restore(target, limits={"write_units_per_second": 1})
    process = vault.start_later("restore", "back", "--from", backup)
    while not vault.count(target):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert 0 < vault.count(target) < len(items)
    if other_machine:
        shutil.rmtree(vault.program.directory / "state")

    done = vault.restore(backup, target)

    assert done.code == 0, done.err
    assert vault.aws.items(target) == in_order(items)
    assert done.facts["written"] == len(items)
    assert not list((vault.program.directory / "state").rglob("changed-keys"))


def test_a_bulk_put_of_a_chain_is_refused(vault: Vault, name: str) -> None:
    """It would put items in states that are not their last."""
    vault.aws.create_table(f"{name}-2")
    done = vault.restore(list(vault.states)[-1], f"{name}-2", method="bulk-put")
    assert done.code == 1
    assert "readers of" in done.err + done.out
    assert vault.aws.items(f"{name}-2") == []


def test_the_preview_says_what_follows_the_full_backup(vault: Vault, name: str) -> None:
    vault.plan_restore(f"{name}-2")
    shown = vault.program.run("preview", "restore", "back")
    assert "15 changes in 2 windows after a backup of 20 items" in " ".join(shown.out.split())
    vault.plan_restore(name, existing="overwrite")
    shown = vault.program.run("preview", "restore", "back")
    assert f"items of {name} that the restore point does not hold stay" in " ".join(shown.out.split())


def test_a_restore_that_is_repeated_with_its_run_id_does_nothing(vault: Vault, name: str) -> None:
    """What it wrote is still there: items that a window changed are not expected in their old state."""
    backup = list(vault.states)[-1]
    assert vault.restore(backup, f"{name}-2", "--run-id", "once").code == 0
    again = vault.restore(backup, f"{name}-2", "--run-id", "once")
    assert again.code == 0, again.err
    assert again.report["outcomes"][0]["status"] == "unchanged"
    vault.aws.dynamodb.put_item(TableName=f"{name}-2", Item={"id": {"S": "k0"}, "v": {"N": "77"}})
    changed = vault.restore(backup, f"{name}-2", "--run-id", "once")
    assert changed.code == 1
    assert "already holds items" in changed.out + changed.err


def damage(vault: Vault, key: str) -> None:
    body = vault.aws.read(vault.bucket, key)
    vault.aws.s3.put_object(Bucket=vault.bucket, Key=key, Body=body[:-1] + bytes([body[-1] ^ 1]))


def remove(vault: Vault, key: str) -> None:
    vault.aws.s3.delete_object(Bucket=vault.bucket, Key=key)


@pytest.mark.parametrize("happens", [damage, remove])
def test_a_damaged_window_is_found_before_the_table_changes(
    vault: Vault, name: str, happens: Callable[[Vault, str], None]
) -> None:
    """Every data file of a window with changes; what is older can still be restored."""
    first, second, _ = vault.states
    empty = min(len(vault.aws.read(vault.bucket, key)) for key in vault.data_keys())
    keys = [key for key in vault.data_keys() if len(vault.aws.read(vault.bucket, key)) > empty]
    assert keys
    happens(vault, keys[-1])
    done = [vault.restore(backup, name, "--yes", existing="overwrite") for backup in vault.states]
    assert done[0].code == 0
    assert {each.code for each in done[1:]} >= {65}
    assert vault.aws.items(name) != []
    assert first != second
