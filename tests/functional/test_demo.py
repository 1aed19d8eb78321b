"""``ddbbackup demo`` and the sandbox as processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.support import servers
from tests.support.program import Program, Result


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Result]:
    """It takes seconds, so two tests look at one run."""
    program = Program(tmp_path_factory.mktemp("demo"))
    real = "https://dynamodb.real.example"
    return program, program.run_process("demo", AWS_PROFILE="production", AWS_ENDPOINT_URL=real)


def test_the_demo_damages_a_table_and_restores_it(demo: tuple[Program, Result]) -> None:
    """Exit 0 only if all items are equal; the AWS configuration of the user is not used."""
    program, done = demo
    assert done.code == 0, done.err
    for words in ("missing: id 1; changed: id 2", "51 written", "All 51 items are equal"):
        assert words in done.out
    assert done.out.index("$ ddbbackup backup") < done.out.index("$ ddbbackup restore table1-back")
    assert not (program.directory / "state").exists(), "it leaves no files"


def test_the_demo_serves_the_sandbox_until_it_is_interrupted(program: Program) -> None:
    """`demo --serve`: the sandbox and its tables on loopback, to try other plans."""
    port = servers.free_port()
    process = program.start("demo", "--serve", "--port", str(port))
    assert process.stdout is not None
    try:
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        lines = [process.stdout.readline() for _ in range(4)]
        (command,) = [line.strip() for line in lines if "ddbbackup backup" in line]
        url = f"http://127.0.0.1:{port}"
        words = command.partition("ddbbackup ")[2].split()
        done = program.run(*words, "--output", "json", DDBBACKUP_SANDBOX_URL=url)
        assert done.code == 0, done.err
        assert [each["facts"]["items"] for each in done.report["outcomes"]] == [50, 50]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_the_demo_ends_with_commands_that_work_as_typed(demo: tuple[Program, Result]) -> None:
    """Also where `ddbbackup` is not on the path, as after `make demo`, and with another Region in the shell.

    The last of them starts the sandbox with a new plan; here on a free port. What it prints works as typed, too.
    """
    program, done = demo
    write_plan, serve = [line.strip() for line in done.out.splitlines() if line.startswith("   ")][-2:]
    assert shell(program, write_plan) == 0
    environment = {**program.environment, "AWS_REGION": "us-east-2", "AWS_PROFILE": ""}
    process = subprocess.Popen(
        ["sh", "-c", f"exec {serve} --port {servers.free_port()}"],
        cwd=program.directory,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(7)]
        assert "my-table and the bucket my-backup-bucket" in lines[0]
        export, *commands = [line.strip() for line in lines if line.startswith("  ")]
        assert [each.split()[-1] for each in commands] == ["preview", "backup", "status"]
        assert shell(program, " && ".join([export, *commands]), AWS_REGION="us-east-2") == 0
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def shell(program: Program, line: str, **more: str) -> int:
    """The exit code of a line that is typed into a shell."""
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=program.directory,
        env={**program.environment, **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.returncode


def test_the_sandbox_has_what_a_plan_expects(program: Program) -> None:
    """A table for every entry, with its tags; a bucket that has what the plan requires; the Region of the plan."""
    program.plan(
        """\
version: 1
name: p
aws: {region: eu-central-1}
destinations:
  vault: {bucket: acme-vault, require: [versioning, object_lock]}
tables:
  - name: orders
  - match: "billing-[ab]?-*"
  - tags: {backup: daily}
    method: snapshot
"""
    )
    port = servers.free_port()
    process = program.start("demo", "--serve", "-f", "ddbbackup.yaml", "--port", str(port))
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        assert "orders, billing-a1-sample, tagged-sample and the bucket acme-vault" in first
        url = f"http://127.0.0.1:{port}"
        done = program.run("backup", "--output", "json", AWS_ENDPOINT_URL=url)
        assert done.code == 0, done.err
        assert len(done.report["outcomes"]) == 4, "three tables and the bucket"
        checked = program.run("doctor", AWS_ENDPOINT_URL=url)
        assert (checked.code, "BlockPublicAcls" in checked.out) == (0, False), (
            "new buckets block public access"
        )
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
    assert process.stderr is not None
    assert process.stderr.readline() == "starting the sandbox and creating 3 tables\n"


def test_a_plan_without_serve_and_an_invalid_plan_are_refused(program: Program) -> None:
    """Before a sandbox is started."""
    program.plan("version: 1\nname: p\n")
    for arguments, code in ((("-f", "ddbbackup.yaml"), 64), (("--serve", "-f", "ddbbackup.yaml"), 78)):
        done = program.run_process("demo", *arguments)
        assert done.code == code, done.err


def test_a_port_in_use_is_a_usage_error(program: Program) -> None:
    """The hint is another port."""
    with servers.dynalite() as url:
        done = program.run_process("demo", "--serve", "--port", url.rpartition(":")[2])
    assert done.code == 64
    assert "--port" in done.err


def test_without_the_extra_the_hint_is_to_install_it(program: Program) -> None:
    """Only the extra depends on moto."""
    hide = (
        "import importlib.util as u, sys; real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'moto' else real(name, *a)\n"
        "from ddbbackup.cli import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", hide], env=program.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 64
    assert "install ddbbackup with the extra `sandbox`" in done.stderr


@pytest.mark.parametrize("close", ["stdin", "signal"])
def test_the_sandbox_process_ends_with_its_parent(program: Program, close: str) -> None:
    """It prints one line of JSON when it is ready, listens on loopback, and ends when its stdin is closed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ddbbackup.sandbox", "--export-seconds", "1"],
        env=program.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    url = json.loads(process.stdout.readline())["url"]
    assert url.startswith("http://127.0.0.1:")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert opener.open(f"{url}/moto-api/", timeout=10).status == 200
    if close == "stdin":
        process.stdin.close()
    else:
        process.send_signal(signal.SIGTERM)
    process.wait(10)
