"""Every exit code, by running the program, with the message on stderr."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from ddbbackup.cli.verbs import VERBS
from ddbbackup.sandbox.export_rules import ExportState
from ddbbackup.sandbox.moto_exports import MotoExports
from tests.support import servers
from tests.support.aws import Aws
from tests.support.fault_proxy import FaultProxy
from tests.support.plans import plan
from tests.support.program import Program, Result

SKELETON = "version: 1\nname: p\ndestinations: {v: {bucket: acme-vault}}\ntables: [{name: orders}]\n"


@pytest.fixture(autouse=True)
def every_exit_code_is_in_the_help_of_its_verb(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Program.run

    def checked(program: Program, *arguments: str, **options: Any) -> Result:
        result = run(program, *arguments, **options)
        if arguments and arguments[0] in VERBS:
            assert result.code in VERBS[arguments[0]].exit_codes
        return result

    monkeypatch.setattr(Program, "run", checked)


def test_0_for_success(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """A backup, and the verbs that read it."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "rpo": "1h"}]))
    for verb in ("backup", "status", "list", "verify", "wait"):
        done = program.run(verb)
        assert done.code == 0, (verb, done.err)


def test_1_for_a_failure(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """The only table cannot be exported."""
    sandbox.create_table(name)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    done = program.run("backup")
    assert done.code == 1
    assert "hint:" in done.out


def test_3_for_some_failures(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """One table succeeds, the other fails."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}, {"name": f"{name}-gone"}]))
    assert program.run("backup").code == 3


def test_4_for_a_backup_older_than_its_rpo(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """Or if there is no backup."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "rpo": "1m"}]))
    assert program.run("status").code == 4


@pytest.mark.parametrize("entry", [{"match": "no-such-table-*"}, {"tags": {"no": "such"}}])
def test_5_for_nothing_selected(
    sandbox: Aws, bucket: str, program: Program, entry: dict[str, object]
) -> None:
    """A selector that matches nothing is a failure."""
    program.plan(plan(sandbox, bucket, tables=[entry]))
    assert program.run("backup").code == 5
    program.plan(plan(sandbox, bucket, tables=[{"name": "orders"}]))
    assert program.run("backup", "--only", "invoices").code == 5


def test_5_for_a_name_that_matches_nothing(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """A misspelled name is no empty result, also beside a name that is right; the nearest name is said."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "retention": {"keep_last": 1}}]))
    assert program.run("backup").code == 0
    for verb in ("backup", "wait", "status", "list", "verify", "prune", "preview"):
        done = program.run(verb, "--only", name, "--only", f"{name}x")
        assert (verb, done.code) == (verb, 5)
        assert f"matches '{name}x'" in done.err
        assert f"hint: use `{name}` instead" in done.err


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["bakcup"], "backup"),
        (["backup", "--no-such-option"], "--help"),
        (["backup", "--no-wiat"], "--no-wait"),
        (["status", "--onyl=x"], "--only"),
        ([], "--help"),
        (["backup", "--run-id", "a b"], "letters"),
        (["backup", "--log-format", "xml"], "json"),
        (["demo", "--port", "1"], "--serve"),
        (["demo", "--serve", "--port", "99999"], "65535"),
        (["demo", "--serve", "--port", "http"], "65535"),
        (["backup", "-f", ""], "name a file"),
    ],
)
def test_64_for_a_usage_error(program: Program, arguments: list[str], hint: str) -> None:
    """With a hint, and without a traceback."""
    program.plan(SKELETON)
    done = program.run_process(*arguments)
    assert done.code == 64, done.err
    assert "hint:" in done.err
    assert hint in done.err
    assert "Traceback" not in done.err


def test_64_for_a_restore_that_names_nothing_or_no_export(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Known only with the catalog, or with the element of the plan that the options change."""
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": {"table": name}}))
    assert program.run("restore").code == 64
    for source in ("s3://", f"s3://{bucket}/"):
        done = program.run("restore", "back", "--from", source)
        assert done.code == 64, done.err
        assert "AWSDynamoDB" in done.err


def test_64_for_an_unknown_restore(sandbox: Aws, bucket: str, program: Program) -> None:
    """With the most similar name as a hint."""
    restores = {"orders-back": {"table": "orders", "to": {"table": "x-y"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": "orders"}], restores=restores))
    done = program.run("restore", "order-back")
    assert done.code == 64
    assert "use `orders-back`" in done.err


def test_65_outranks_other_failures(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """Incomplete data outranks a failed step and a successful one."""
    for suffix in ("whole", "broken"):
        sandbox.create_table(f"{name}-{suffix}", pitr=True)

    def lose_the_manifest(export: ExportState) -> None:
        if export.table_arn.endswith("broken"):
            sandbox.s3.delete_object(Bucket=bucket, Key=f"{export.root}manifest-files.json")

    exports.before_completed = lose_the_manifest
    names = [f"{name}-whole", f"{name}-broken", f"{name}-gone"]
    program.plan(plan(sandbox, bucket, tables=[{"name": each} for each in names]))
    assert program.run("backup").code == 65


def test_69_for_an_unreachable_service(program: Program) -> None:
    """No connection after all retries."""
    nowhere = Aws(f"http://127.0.0.1:{servers.free_port()}")
    program.plan(plan(nowhere, "acme-vault", tables=[{"match": "*"}]))
    done = program.run("backup")
    assert done.code == 69, done.err + done.out
    assert "hint:" in done.err + done.out


def test_70_for_a_bug(program: Program) -> None:
    """With the traceback and a request to report it."""
    program.plan(SKELETON)
    breaks = "import ddbbackup.plan.load as m, ddbbackup.plan as p\n"
    breaks += "def check(*_): raise ZeroDivisionError\n"
    breaks += "p.check = check\nfrom ddbbackup.cli import main\nraise SystemExit(main(['validate']))\n"
    done = subprocess.run(
        [sys.executable, "-c", breaks],
        cwd=program.directory,
        env=program.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr
    assert "hint: report this bug at https://" in done.stderr


def test_75_for_running_exports(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """--timeout ends the waiting, not the export; the message names the ARN of the export."""
    exports.export_seconds = (6.0, 6.0)
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    done = program.run("backup", "--timeout", "2s", "--output", "json")
    assert done.code == 75, done.err
    assert "/export/" in done.report["outcomes"][0]["error"]["message"]
    beside = program.run("backup", "--run-id", "another", "--no-wait")
    assert "is still in progress: `ddbbackup wait` continues with it" in beside.out
    assert "backup.unfinished" in beside.err
    status = json.loads(program.run("status", "--output", "json").out)
    assert len(status["tables"][0]["running"]) == 2
    assert program.run("wait").code == 0


@pytest.mark.parametrize("method", ["scan", "snapshot"])
def test_every_method_names_the_unfinished_backup_of_another_run(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports, method: str
) -> None:
    """In the preview, in the log and in the report."""
    exports.export_seconds = (60.0, 60.0)
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    assert program.run("backup", "--run-id", "first", "--no-wait").code == 0
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "method": method}]))
    said = "of run first is still in progress: `ddbbackup wait` continues with it"
    assert said in program.run("preview", "backup").out
    done = program.run("backup", "--run-id", "second")
    assert done.code == 0, done.err
    assert said in done.out
    assert "backup.unfinished" in done.err
    status = json.loads(program.run("status", "--output", "json").out)
    assert len(status["tables"][0]["running"]) == 1


def test_77_for_the_wrong_account(sandbox: Aws, bucket: str, program: Program) -> None:
    """A plan with an account runs in no other account."""
    text = json.loads(plan(sandbox, bucket, tables=[{"match": "*"}]))
    text["aws"]["account"] = "999999999999"
    program.plan(json.dumps(text))
    done = program.run("backup")
    assert done.code == 77
    assert "999999999999" in done.err


def test_77_without_credentials(sandbox: Aws, bucket: str, program: Program) -> None:
    """With a hint."""
    program.plan(plan(sandbox, bucket, tables=[{"match": "*"}]))
    done = program.run("backup", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert done.code == 77, done.err
    assert "hint:" in done.err


def test_78_for_an_invalid_plan(program: Program) -> None:
    """With all its problems, for every verb; as JSON and as GitHub annotations on request."""
    program.plan("version: 1\nname: p\ntabels: []\n")
    for arguments in (["validate"], ["backup"], ["status"], ["restore", "x"]):
        done = program.run(*arguments)
        assert done.code == 78
        assert "use `tables`" in done.out + done.err
    assert program.run("validate", "-f", "nowhere.yaml").code == 78
    document = json.loads(program.run("validate", "--output", "json").out)
    assert [problem["path"] for problem in document["problems"]] == ["tabels"]
    assert program.run("validate", "--output", "github").out.startswith("::error file=ddbbackup.yaml,line=")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_130_and_143_for_signals(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    exports: MotoExports,
    number: signal.Signals,
    code: int,
) -> None:
    """While exports run: within two seconds, with what continues and how to complete it."""
    exports.export_seconds = (600.0, 600.0)
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    process = program.start("backup")
    while not any(export.table_arn.endswith(name) for export in exports.started):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    time.sleep(0.3)
    started = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=10)
    assert process.returncode == code
    assert time.monotonic() - started < 2
    assert f"the export of {name} was started and continues in AWS\nhint: run `ddbbackup wait`" in err


def test_an_expired_token_is_access_denied(sandbox: Aws, bucket: str, program: Program) -> None:
    """With a hint to get new credentials."""

    def expired(operation: str, body: bytes) -> tuple[int, bytes] | None:
        kind = b"com.amazon.coral.service#ExpiredTokenException"
        return (
            400,
            b'{"__type":"' + kind + b'","message":"The security token included in the request is expired"}',
        )

    with FaultProxy(sandbox.url, expired) as proxy:
        aws = Aws(proxy.url, sandbox.s3_url)
        program.plan(plan(aws, bucket, tables=[{"match": "*"}]))
        done = program.run("backup")
    assert done.code == 77, done.err
    assert "expired" in done.err + done.out
    assert "sign in again" in done.err + done.out
