"""Streams that cannot be written: the run does its work all the same, and the exit code tells of lost data."""

from __future__ import annotations

import json
import os
import pty
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program
from tests.support.receiver import Receiver, receiver

NO_SPACE = "ulimit -f 0;"
"""Files of the process cannot grow, as on a full disk (EFBIG instead of ENOSPC); pipes and sockets are not files."""


@pytest.fixture
def inbox() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def table(sandbox: Aws, bucket: str, name: str, program: Program, inbox: Receiver) -> str:
    """A table in a plan that pings the inbox."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, {"id": {"S": "a"}})
    notifications = {"dead-man": {"ping": {"url": "${PING_URL}"}}}
    restores = {"back": {"table": name, "to": {"table": f"{name}-2"}}}
    program.plan(
        plan(sandbox, bucket, tables=[{"name": name}], notifications=notifications, restores=restores)
    )
    return name


def shell(
    program: Program, inbox: Receiver, words: str, *, before: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """Runs ``ddbbackup`` with the redirections of a shell, after the command ``before``."""
    command = f"{before} {shlex.quote(sys.executable)} -m ddbbackup {words}"
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=program.directory,
        env={**program.environment, "PING_URL": f"{inbox.url}/ping", **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
        check=False,
    )


def backups(program: Program, inbox: Receiver) -> list[str]:
    listed = shell(program, inbox, "list --output json")
    return [each["state"] for each in json.loads(listed.stdout)["backups"]]


@pytest.mark.parametrize(
    ("before", "redirection"),
    [(NO_SPACE, "2>log"), ("", "2>&-"), ("", "2> >(head -n 2 >/dev/null)"), (NO_SPACE, "2>log 0<&-")],
)
def test_a_log_that_cannot_be_written_changes_nothing(
    table: str, program: Program, inbox: Receiver, before: str, redirection: str
) -> None:
    """The backup is made, the report is printed, and the ping gets the exit code."""
    done = shell(program, inbox, f"backup --output json {redirection}", before=before)
    assert done.returncode == 0
    assert json.loads(done.stdout)["outcomes"][0]["status"] == "done"
    assert inbox.paths == ["/ping/start", "/ping/0"]
    assert backups(program, inbox) == ["complete"]


@pytest.mark.parametrize(("before", "redirection"), [(NO_SPACE, ">report"), ("", ">&-"), ("", "| true")])
def test_a_report_that_cannot_be_printed_does_not_change_the_run(
    table: str, program: Program, inbox: Receiver, before: str, redirection: str
) -> None:
    """The ping gets 0, because the backup is made; the process exits with 1, because the report is lost."""
    done = shell(program, inbox, f"backup {redirection}", before=before)
    assert done.returncode == 1
    assert "ddbbackup: cannot write to stdout: " in done.stderr
    assert "Traceback" not in done.stderr
    assert inbox.paths == ["/ping/start", "/ping/0"]
    assert backups(program, inbox) == ["complete"]


def test_all_streams_may_be_closed(table: str, program: Program, inbox: Receiver) -> None:
    """No file or socket gets the number of a stream, so that no log is written into it."""
    done = shell(program, inbox, "backup --output json=report.json <&- >&- 2>&-")
    assert done.returncode == 1
    assert inbox.paths == ["/ping/start", "/ping/0"]
    assert json.loads((program.directory / "report.json").read_text())["exit_code"] == 0
    restored = shell(program, inbox, "restore back --output json=restored.json <&- >&- 2>&-")
    assert restored.returncode == 1
    assert json.loads((program.directory / "restored.json").read_text())["exit_code"] == 0


def test_an_output_file_on_a_full_disk_leaves_the_others(
    table: str, program: Program, inbox: Receiver
) -> None:
    """stdout has the report all the same; the exit code is 1."""
    done = shell(
        program, inbox, "backup --output json=report.json --output junit=/dev/stdout | cat", before=NO_SPACE
    )
    assert done.returncode == 1
    assert "1 ok" in done.stdout
    assert "<testsuites" in done.stdout
    assert "ddbbackup: cannot write report.json: file too large\nhint: " in done.stderr
    assert not (program.directory / "report.json").exists()
    assert inbox.paths == ["/ping/start", "/ping/0"]


def test_a_summary_on_a_full_disk_is_a_warning(table: str, program: Program, inbox: Receiver) -> None:
    """The job summary is a convenience of GitHub."""
    done = shell(program, inbox, "validate", before=NO_SPACE, GITHUB_STEP_SUMMARY="summary.md")
    assert done.returncode == 0
    assert done.stderr == "ddbbackup: cannot write the job summary summary.md: file too large\n"


def test_a_pipe_or_a_link_is_written_not_replaced(table: str, program: Program, inbox: Receiver) -> None:
    """``--output json=/dev/null`` by root would otherwise replace the device."""
    os.mkfifo(program.directory / "pipe")
    (program.directory / "link").symlink_to("target.json")
    done = shell(
        program,
        inbox,
        "validate --output json=pipe --output json=link; wait",
        before="cat pipe > read.json &",
    )
    assert done.returncode == 0, done.stderr
    assert (program.directory / "pipe").is_fifo()
    assert (program.directory / "link").is_symlink()
    for name in ("read.json", "target.json"):
        assert json.loads((program.directory / name).read_text())["problems"] == []


def test_a_reader_that_leaves_early_is_no_news(table: str, program: Program, inbox: Receiver) -> None:
    """`| head` ends quietly for verbs that only show something."""
    for words in ("list", "show", "--help"):
        done = shell(program, inbox, f"{words} | true")
        assert "ddbbackup: " not in done.stderr, words
        assert "Traceback" not in done.stderr, words


@pytest.mark.parametrize("words", ["list", "schema", "--help", "completion bash"])
def test_data_that_is_lost_is_an_error(table: str, program: Program, inbox: Receiver, words: str) -> None:
    """A script that redirects it to a file must notice."""
    done = shell(program, inbox, f"{words} >data", before=NO_SPACE)
    assert done.returncode == 1
    assert "ddbbackup: cannot write to stdout: file too large\nhint: " in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_any_encoding_of_a_terminal_will_do(
    table: str, program: Program, inbox: Receiver, encoding: str
) -> None:
    """What it lacks is shown as an escape; JSON stays JSON."""
    for words, is_json in (
        ("backup --output json", True),
        ("preview", False),
        ("preview --output json", True),
    ):
        done = shell(program, inbox, words, PYTHONIOENCODING=encoding)
        assert done.returncode == 0, done.stderr
        assert all(json.loads(line) for line in done.stderr.splitlines())
        if is_json:
            assert done.stdout.isascii()
            json.loads(done.stdout)


def test_a_terminal_that_closes_during_the_run_changes_nothing(
    table: str, program: Program, inbox: Receiver
) -> None:
    """With progress bars and a log for people."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ddbbackup", "backup", "--output", "json"],
        cwd=program.directory,
        env={**program.environment, "PING_URL": f"{inbox.url}/ping", "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    shown = os.read(ours, 4096)
    while b"export" not in shown:
        shown += os.read(ours, 4096)
        time.sleep(0.01)
    os.close(ours)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["outcomes"][0]["status"] == "done"
    assert inbox.paths == ["/ping/start", "/ping/0"]
