"""``ddbbackup demo`` and the sandbox as processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.support import servers
from tests.support.program import Program


def test_the_demo_damages_a_table_and_restores_it(program: Program) -> None:
    """Exit 0 only if all items are equal; the AWS configuration of the user is not used."""
    real = "https://dynamodb.real.example"
    done = program.run_process("demo", AWS_PROFILE="production", AWS_ENDPOINT_URL=real)
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
        (command,) = [line.strip() for line in lines if line.strip().startswith("ddbbackup backup")]
        url = f"http://127.0.0.1:{port}"
        done = program.run(*command.split()[1:], "--output", "json", DDBBACKUP_SANDBOX_URL=url)
        assert done.code == 0, done.err
        assert [each["facts"]["items"] for each in done.report["outcomes"]] == [50, 50]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


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
    assert "pip install 'ddbbackup[sandbox]'" in done.stderr


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
