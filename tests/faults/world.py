"""The world of one scenario: tables and a vault on the sandbox, a proxy in front of it, and machines."""

from __future__ import annotations

import copy
import functools
import gzip
import json
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from ddbbackup.sandbox import start as start_sandbox
from ddbbackup.sandbox.export_rules import ExportState
from ddbbackup.sandbox.server import Sandbox
from tests.faults.laws import ITEM_MARK, SECRET_MARK, Run, check_received, check_run, check_writes
from tests.faults.model import Violation
from tests.support.aws import REGION, Aws, Item, in_order
from tests.support.aws_proxy import RESET, AwsProxy, Delivery, Exchange, Fault, Request, subject_of
from tests.support.everything import Everything
from tests.support.launcher import CLOCK_OFFSET, Launched, Launcher
from tests.support.next_second import wait_for_next_second
from tests.support.plans import plan
from tests.support.receiver import Receiver, receiver
from tests.support.receiver import Request as ReceivedRequest

ACCOUNT: Final = "123456789012"
RUN_SECONDS: Final = 240.0  # a change that AWS accepts and does not make is awaited for 180 s
ACCESS_KEY: Final = "AKIAFAULTSUITE00"
SECRET_KEY: Final = f"secret-key-{SECRET_MARK}"
SESSION_TOKEN: Final = f"session-token-{SECRET_MARK}"
PREFIX: Final = "ddb/"
SETTINGS: Final = ("tags", "ttl", "pitr")
CHAIN_SECONDS: Final = 3600.0


@dataclass(frozen=True)
class Vault:
    """A table with two backups: ``older`` and ``newer`` are the items of each, in order."""

    bucket: str
    source: str
    older: Sequence[Item]
    newer: Sequence[Item]


class Servers:
    """What the scenarios of one process share; each uses tables and buckets of its own."""

    def __init__(self, sandbox: Sandbox, launcher: Launcher, received: Receiver) -> None:
        self.sandbox = sandbox
        self.launcher = launcher
        self.receiver = received
        self.aws = Aws(sandbox.url, sts=True)

    @functools.cached_property
    def shared_vault(self) -> Vault:
        """For scenarios that only read it and restore into tables of their own."""
        with world(self, name="shared vault", seed=0) as made:
            made.keep = True
            vault = made.back_up_twice()
            assert not made.violations, made.violations
        return vault

    @functools.cached_property
    def chain_vault(self) -> Vault:
        """A full backup and a window, for scenarios that restore them into tables of their own."""
        with world(self, name="chain vault", seed=0) as made:
            made.keep = True
            made.begin_chain()
            older = made.aws.items(made.source)
            made.expect_code(made.run("backup", "--run-id", "window"), 0)
            assert not made.violations, made.violations
            assert [each["covers"]["kind"] for each in made.records()] == ["instant", "window"]
            items = made.aws.items(made.source)
        return Vault(made.bucket, made.source, older, items)

    @functools.cached_property
    def settings_vault(self) -> Vault:
        """The backup of a table with every setting that the sandbox knows."""
        with world(self, name="settings vault", seed=0) as made:
            made.keep = True
            made.create_bucket()
            Everything(self.aws, made.source).create()
            made.put(made.source, [{**item, "at": {"S": "1"}} for item in made.make_items(30)])
            made.write_plan()
            made.expect_code(made.run("backup", "--run-id", "only"), 0)
            assert not made.violations, made.violations
            items = made.aws.items(made.source)
        return Vault(made.bucket, made.source, items, items)


@contextmanager
def servers() -> Iterator[Servers]:
    """A sandbox in this process, a launcher and a receiver of notifications."""
    with (
        start_sandbox(export_seconds=(0.03, 0.08), cooldown_seconds=0.5) as sandbox,
        Launcher() as launcher,
        receiver() as received,
    ):
        yield Servers(sandbox, launcher, received)


class World:
    """``machines`` are directories with a state of their own. Whatever breaks a law is in ``violations``."""

    def __init__(self, shared: Servers, name: str, seed: int, proxy: AwsProxy, directory: Path) -> None:
        self.shared, self.proxy, self.directory, self.seed = shared, proxy, directory, seed
        # Scenarios with the same seed draw different numbers.
        self.random = random.Random(f"{name} {seed}")
        self.aws = shared.aws
        self._behind_proxy = copy.copy(shared.aws)
        self._behind_proxy.endpoint_urls = dict.fromkeys(shared.aws.endpoint_urls, proxy.url)
        self.name = f"t-{secrets.token_hex(5)}"
        self.bucket, self.source, self.target = f"{self.name}-vault", f"{self.name}-src", f"{self.name}-dst"
        self.tables = {self.source, self.target}
        self.violations: list[Violation] = []
        self.runs: list[Run] = []
        self.keep = False
        self._plan: dict[str, Any] = {}
        self._export_runs: set[str] = set()
        self._may_export_again = 0
        self._first_export = len(shared.sandbox.exports.started)
        self._first_received = len(shared.receiver.requests)
        self.wanted: Sequence[Item] = ()
        self.credentials_file: Path | None = None  # instead of keys in the environment

    # ---- tables and the vault

    def make_items(self, count: int) -> list[Item]:
        """Items of every type of attribute; each holds the mark that must not be printed."""
        draw = self.random
        shapes: list[Callable[[int], dict[str, Any]]] = [
            lambda n: {"N": str(draw.randrange(10**12))},
            lambda n: {"B": "aGVsbG8="},
            lambda n: {"SS": [f"a{n}", "b"]},
            lambda n: {"L": [{"S": ITEM_MARK}, {"NULL": True}]},
            lambda n: {"M": {"inner": {"BOOL": True}, "n": {"N": "-1.5"}}},
        ]
        return [
            {
                "id": {"S": f"k{n:05d}"},
                "v": {"S": f"{ITEM_MARK}-{draw.randrange(10**9)}"},
                "w": draw.choice(shapes)(n),
            }
            for n in range(count)
        ]

    def put(self, table: str, items: Sequence[Item]) -> None:
        for start in range(0, len(items), 25):
            requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
            self.aws.call("BatchWriteItem", {"RequestItems": {table: requests}})

    def delete(self, table: str, items: Sequence[Item]) -> None:
        for item in items:
            self.aws.call("DeleteItem", {"TableName": table, "Key": {"id": item["id"]}})

    def create_source(self, count: int = 40) -> None:
        """A table with point-in-time recovery, tags and TTL."""
        self.aws.create_table(self.source, pitr=True)
        self.put(self.source, self.make_items(count))
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{self.source}"
        self.aws.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "orders"}])
        self.aws.dynamodb.update_time_to_live(
            TableName=self.source, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"}
        )

    def restart_recovery(self) -> None:
        """Makes this moment the only one that can be restored, as the latest one is five minutes ago otherwise."""
        for enabled in (False, True):
            self.aws.dynamodb.update_continuous_backups(
                TableName=self.source,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled},
            )

    def create_bucket(self) -> None:
        self.aws.create_bucket(self.bucket)

    def back_up_twice(self) -> Vault:
        """Fills the vault of this world with two backups of the source, the newer one with more items."""
        self.create_bucket()
        self.create_source()
        self.write_plan()
        older = self.aws.items(self.source)
        self.expect_code(self.run("backup", "--run-id", "older"), 0)
        self.put(self.source, self.make_items(60)[40:])
        wait_for_next_second()  # else either of the two may count as the newest
        self.expect_code(self.run("backup", "--run-id", "newer"), 0)
        self.restart_recovery()
        self.wanted = self.aws.items(self.source)
        return Vault(self.bucket, self.source, older, self.wanted)

    def begin_chain(self) -> None:
        """The source, its full backup of an hour ago, and updates, inserts and deletes since."""
        clock = self.shared.sandbox.clock
        self.create_bucket()
        with clock.ago(CHAIN_SECONDS):
            self.create_source()
            wait_for_next_second()  # recovery begins in the second before the full backup
            self.write_plan(tables=[{"name": self.source, "method": "incremental"}])
            ago = {CLOCK_OFFSET: str(-CHAIN_SECONDS)}
            self.expect_code(self.run("backup", "--run-id", "full", env=ago), 0)
        with clock.ago(CHAIN_SECONDS / 2):
            items = self.make_items(48)
            self.put(self.source, items[32:])
            self.delete(self.source, items[:8])

    def use(self, vault: Vault) -> None:
        """Makes a shared vault the one of this world."""
        self.bucket, self.source, self.wanted = vault.bucket, vault.source, vault.newer
        self.tables = {self.source, self.target}

    def items(self, table: str) -> list[Item] | None:
        """Every item; None if there is no such table."""
        try:
            return self.aws.items(table)
        except AssertionError:
            return None

    def exports(self) -> list[ExportState]:
        """The exports of the source that this scenario caused."""
        return [
            each
            for each in self.shared.sandbox.exports.started[self._first_export :]
            if each.table_arn.endswith(f"/{self.source}")
        ]

    def allow_another_export(self) -> None:
        """For scenarios in which AWS or the tester gave a reason to export once more."""
        self._may_export_again += 1

    def objects(self, subject: str) -> list[str]:
        """Keys of the vault that hold the records, manifests or data of this world's source."""
        return [
            key
            for key in self.aws.keys(self.bucket, PREFIX)
            if subject_of(key) == subject and self.source in key
        ]

    def records(self) -> list[dict[str, Any]]:
        """The documents of all backups, by id."""
        found = [json.loads(self.aws.read(self.bucket, key)) for key in self.objects("record")]
        return sorted(found, key=lambda each: str(each["id"]))

    # ---- plans and machines

    def write_plan(
        self,
        *,
        restore: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        **members: Any,
    ) -> None:
        """The plan of all machines: the source, and the restore `copy` into the target."""
        wanted = {
            "table": self.source,
            "from": "latest",
            "to": {"table": self.target, "settings": list(SETTINGS)},
            **(restore or {}),
        }
        document = {"tables": [{"name": self.source}], "restores": {"copy": wanted}, **members}
        self._plan = {"text": plan(self._behind_proxy, self.bucket, dict(settings or {}), **document)}

    def machine(self, name: str) -> Path:
        """The working directory of a machine, with the plan in it."""
        place = self.directory / name
        place.mkdir(exist_ok=True)
        (place / "ddbbackup.yaml").write_text(self._plan["text"], encoding="utf-8")
        return place

    def environment(self, machine: str) -> dict[str, str]:
        place = self.directory / machine
        keys = {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_SESSION_TOKEN": SESSION_TOKEN,
        }
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(place),
            "DDBBACKUP_STATE_DIR": str(place / "state"),
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            **({} if self.credentials_file else keys),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials_file or os.devnull),
            "COLUMNS": "200",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }

    def start(
        self, *arguments: str, machine: str = "here", env: Mapping[str, str | None] | None = None
    ) -> Running:
        """Starts a run as a process of its own. A variable that is None is not set."""
        self._count_backup(arguments)
        place = self.machine(machine)
        wanted = {**self.environment(machine), **(env or {})}
        return Running(self, arguments, place, {k: v for k, v in wanted.items() if v is not None})

    def run(
        self,
        *arguments: str,
        machine: str = "here",
        env: Mapping[str, str | None] | None = None,
        seconds: float = RUN_SECONDS,
        codes: Sequence[int] = (),
    ) -> Run:
        """Runs the program to its end and checks the laws of every run. ``codes`` are allowed besides."""
        return self.start(*arguments, machine=machine, env=env).finish(seconds, codes)

    def run_fresh(
        self,
        *arguments: str,
        machine: str = "here",
        env: Mapping[str, str | None] | None = None,
        python: Sequence[str] = (),
        shell: str = '"$@"',
        mute: bool = False,
    ) -> Run:
        """Runs a new interpreter: for its own options, and as a shell starts it, which has it as `"$@"`.

        ``mute``: the streams are broken, so that the run may end with 1 and cannot say why.
        """
        self._count_backup(arguments)
        place = self.machine(machine)
        wanted = {**self.environment(machine), **(env or {})}
        command = [sys.executable, *python, "-m", "ddbbackup", *arguments]
        began = time.monotonic()
        code: int | None = None
        with (place / "out").open("wb+") as out, (place / "err").open("wb+") as err:
            try:
                code = subprocess.run(
                    ["bash", "-c", shell, "bash", *command],
                    cwd=place,
                    env={k: v for k, v in wanted.items() if v is not None},
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    timeout=RUN_SECONDS,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                code = None
        return self._note(arguments, code, place, began, mute=mute)

    def _count_backup(self, arguments: Sequence[str]) -> None:
        """Each run ID of `backup` may start one export."""
        if arguments[0] == "backup":
            run_id = arguments[arguments.index("--run-id") + 1] if "--run-id" in arguments else None
            self._export_runs.add(run_id or secrets.token_hex(4))

    def _note(
        self,
        arguments: Sequence[str],
        code: int | None,
        place: Path,
        began: float,
        *,
        stopped: bool = False,
        mute: bool = False,
        peak_bytes: int = 0,
        codes: Sequence[int] = (),
    ) -> Run:
        texts = {
            each.name: each.read_bytes().decode("utf-8", "surrogateescape")
            for each in place.glob("report.*")
            if each.is_file()
        }
        run = Run(
            tuple(arguments),
            code,
            (place / "out").read_bytes().decode("utf-8", "surrogateescape"),
            (place / "err").read_bytes().decode("utf-8", "surrogateescape"),
            time.monotonic() - began,
            stopped=stopped,
            mute=mute,
            peak_bytes=peak_bytes,
            files=texts,
        )
        self.runs.append(run)
        self.violations += check_run(run, codes)
        return run

    # ---- what must be so

    def require(self, holds: bool, law: str, detail: str) -> None:
        if not holds:
            self.violations.append(Violation(law, detail))

    def holds(self, check: Callable[[World], None]) -> bool:
        """Whether ``check`` finds nothing wrong. It breaks no law if it does."""
        before = len(self.violations)
        try:
            check(self)
            return len(self.violations) == before
        except ClientError:
            return False
        finally:
            del self.violations[before:]

    def expect_code(self, run: Run, *codes: int) -> None:
        """``run`` ends with one of these codes; others are laws broken by the run after a fault."""
        self.require(
            run.code in codes or run.stopped,
            f"`{run.verb}` ends right afterwards",
            f"expected {' or '.join(map(str, codes))}: {run}",
        )

    def check_laws(self) -> None:
        """The laws of the whole scenario."""
        exports = len(self.exports())
        allowed = len(self._export_runs) + self._may_export_again
        if self._export_runs:
            self.require(
                exports <= allowed,
                "one export per run id",
                f"{exports} exports for {sorted(self._export_runs)} (+{self._may_export_again})",
            )
        self.violations += check_received(self.received)
        self.violations += check_writes(
            self.proxy.requests,
            tables=frozenset(self.tables),
            buckets=frozenset({self.bucket}),
            prefix=PREFIX,
        )

    @property
    def backup_runs(self) -> int:
        """With how many run ids `backup` ran."""
        return len(self._export_runs)

    @property
    def received(self) -> list[ReceivedRequest]:
        """What this scenario sent to the receiver: notifications and metrics."""
        return self.shared.receiver.requests[self._first_received :]

    # ---- faults

    @contextmanager
    def fault_at(
        self, operation: str, fault: Fault, *, skip: int = 0, times: int = 1
    ) -> Iterator[list[Request]]:
        """``times`` requests of an operation meet the fault, after ``skip`` that do not; yields the requests hit."""
        hit: list[Request] = []
        seen = [0]
        lock = threading.Lock()

        def rule(request: Request) -> Fault | None:
            if request.operation != operation:
                return None
            with lock:
                seen[0] += 1
                if not skip < seen[0] <= skip + times:
                    return None
                hit.append(request)
            return fault

        with self.rule(rule):
            yield hit

    @contextmanager
    def rule(self, rule: Callable[[Request], Fault | None]) -> Iterator[None]:
        self.proxy.rule = rule
        try:
            yield
        finally:
            self.proxy.rule = lambda request: None

    def run_killed_at(self, number: int, *arguments: str, after: bool, machine: str = "here") -> Run:
        """SIGKILL when the run has sent request ``number``, before AWS sees it or ``after`` AWS did it."""
        base = len(self.proxy.requests)
        return self.run_killed_when(
            lambda request: request.number == base + number, *arguments, after=after, machine=machine
        )

    def run_killed_when(
        self, when: Callable[[Request], bool], *arguments: str, after: bool, machine: str = "here"
    ) -> Run:
        """SIGKILL at the first request for which ``when`` holds."""
        started, killed = threading.Event(), threading.Event()
        running: list[Running] = []

        def kill(exchange: Exchange) -> Delivery:
            if after:
                exchange.forward()
            started.wait(10)
            running[0].kill()
            return RESET

        def rule(request: Request) -> Fault | None:
            if killed.is_set() or not when(request):
                return None
            killed.set()
            return kill

        with self.rule(rule):
            running.append(self.start(*arguments, machine=machine))
            started.set()
            return running[0].finish()


class Running:
    """A run that was started."""

    def __init__(
        self, world: World, arguments: Sequence[str], place: Path, environment: Mapping[str, str]
    ) -> None:
        self._world, self._arguments = world, tuple(arguments)
        self._began, self._stopped = time.monotonic(), False
        self._lock = threading.Lock()
        # Two runs of one machine share its directory, not its streams.
        self._streams = Path(tempfile.mkdtemp(dir=world.directory))
        with (self._streams / "out").open("wb") as out, (self._streams / "err").open("wb") as err:
            self._launched: Launched = world.shared.launcher.start(
                arguments, cwd=place, env=environment, stdout=out.fileno(), stderr=err.fileno()
            )
        self._place = place

    def kill(self) -> None:
        """SIGKILL to the run and its workers; returns when it is dead."""
        self._stopped = True
        self._launched.kill()
        with self._lock:
            self._launched.wait(10)

    def signal(self, number: int) -> None:
        self._stopped = True
        self._launched.signal(number)

    def finish(self, seconds: float = RUN_SECONDS, codes: Sequence[int] = ()) -> Run:
        """Waits for the end. A run that takes longer is killed, and breaks a law."""
        deadline = time.monotonic() + seconds
        code: int | None = None
        while code is None and time.monotonic() < deadline:
            with self._lock:
                code = self._launched.wait(0.25)
        if code is None:
            self._launched.kill()
        for report in self._place.glob("report.*"):
            shutil.move(report, self._streams / report.name)
        return self._world._note(
            self._arguments,
            code,
            self._streams,
            self._began,
            stopped=self._stopped,
            peak_bytes=self._launched.peak_bytes,
            codes=codes,
        )


@contextmanager
def world(shared: Servers, *, name: str, seed: int) -> Iterator[World]:
    """The world of scenario ``name``. It ends with its tables and files."""
    directory = Path(tempfile.mkdtemp(prefix="faults-"))
    with AwsProxy(shared.sandbox.url) as proxy:
        made = World(shared, name, seed, proxy, directory)
        try:
            yield made
        finally:
            if not made.keep:
                _remove_tables(made)
            shutil.rmtree(directory, ignore_errors=True)


def _remove_tables(made: World) -> None:
    """Also what the program keeps of restores in a shared vault, which would grow with every scenario."""
    for table in made.tables:
        if table.startswith(made.name):
            try:
                made.aws.dynamodb.delete_table(TableName=table)
            except ClientError:  # it is not there, or a restore protected it
                with suppress(Exception):
                    Everything(made.aws, table).delete()
    with suppress(Exception):
        for key in made.aws.keys(made.bucket, PREFIX):
            if subject_of(key) == "state":
                made.aws.s3.delete_object(Bucket=made.bucket, Key=key)


def export_lines(aws: Aws, bucket: str, root: str) -> list[Item]:
    """The items of an export's data files, in order."""
    found: list[Item] = []
    for key in aws.keys(bucket, f"{root}data/"):
        body = gzip.decompress(aws.read(bucket, key))
        found += [json.loads(line)["Item"] for line in body.splitlines()]
    return in_order(found)


def chain_items(aws: Aws, bucket: str, records: Sequence[Mapping[str, Any]]) -> list[Item]:
    """The items that a full backup and the windows after it leave, in order. ``records`` are theirs, by time."""
    found: dict[str, Item] = {}
    for record in records:
        summary = json.loads(aws.read(bucket, f"{PREFIX}{record['data']['manifest_key']}"))
        for entry in aws.read(bucket, summary["manifestFilesS3Key"]).splitlines():
            for line in gzip.decompress(aws.read(bucket, json.loads(entry)["dataFileS3Key"])).splitlines():
                change = json.loads(line)
                item = change.get("Item") or change.get("NewImage")
                found.pop((change.get("Keys") or item)["id"]["S"], None)
                if item is not None:
                    found[item["id"]["S"]] = item
    return in_order(found.values())
