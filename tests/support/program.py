"""Runs ddbbackup as a user does, with nothing of this machine's AWS configuration.

``run`` calls it in the test's own process, which is several times faster than a new process. ``run_process`` and
``start`` create a process: use them for signals, closed streams, and what is decided before ``main`` is called.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddbbackup.cli import main
from tests.support.aws import KEY, REGION, SECRET
from tests.support.in_process import call

COMMAND = (sys.executable, "-m", "ddbbackup")
CHECKOUT = Path(__file__).parents[2]
_READ_AT_START_UP = ("PYTHON", "LANG", "LC_", "TZ")


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of the log."""
        return [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]

    def named(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["event"] == event]

    @property
    def report(self) -> dict[str, Any]:
        return dict(json.loads(self.out))

    @property
    def facts(self) -> dict[str, Any]:
        """Those of the first outcome of the report."""
        return dict(self.report["outcomes"][0]["facts"])

    @property
    def error(self) -> dict[str, Any]:
        """That of the first outcome of the report."""
        return dict(self.report["outcomes"][0]["error"])


class Program:
    """``ddbbackup`` with ``directory`` as its working directory, which also holds its state."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = clean_environment(directory / "state")

    def run(self, *arguments: str, stdin: str = "", timeout: float = 120, **more: str) -> Result:
        """Runs the program in this process, with ``more`` added to its environment."""
        assert not [name for name in more if name.startswith(_READ_AT_START_UP)], (
            "read before main: use run_process"
        )
        assert arguments[:1] != ("demo",), "it starts a sandbox, and a process has only one: use run_process"
        done = call(
            main,
            arguments,
            program="ddbbackup",
            directory=self.directory,
            environment={**self.environment, **more},
            stdin=stdin,
            seconds=timeout,
        )
        return Result(done.code, done.out, done.err)

    def run_process(self, *arguments: str, stdin: str = "", timeout: float = 120, **more: str) -> Result:
        """Runs the program in a new process."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.directory,
            env={**self.environment, **more},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def on_terminal(self, answer: str, *arguments: str, **more: str) -> tuple[int, str]:
        """The exit code, and all that the terminal showed. ``answer`` is typed where something is asked."""
        terminal = (sys.executable, "-m", "tests.support.terminal", "to confirm", answer)
        done = subprocess.run(
            [*terminal, *COMMAND, *arguments, "-f", str(self.directory / "ddbbackup.yaml")],
            cwd=CHECKOUT,
            env={**self.environment, **more},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Starts a new process, which the test must end."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.directory,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def plan(self, text: str, name: str = "ddbbackup.yaml") -> Path:
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path


def clean_environment(state: Path) -> Mapping[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(state.parent),
        "DDBBACKUP_STATE_DIR": str(state),
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "COLUMNS": "200",
        **{
            name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")
        },  # `make coverage`
    }
