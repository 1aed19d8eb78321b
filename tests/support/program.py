"""Runs ddbbackup as a user does: a process of its own, with nothing of this machine's AWS set-up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.aws import KEY, REGION, SECRET


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines among what was logged."""
        return [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]

    def named(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["event"] == event]

    @property
    def report(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


class Program:
    """``ddbbackup`` with its working directory and its state below ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = clean_environment(directory / "state")

    def run(self, *arguments: str, stdin: str | None = None, timeout: float = 120, **more: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "ddbbackup", *arguments],
            cwd=self.directory,
            env={**self.environment, **more},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "ddbbackup", *arguments],
            cwd=self.directory,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
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
