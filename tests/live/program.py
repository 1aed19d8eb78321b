"""``ddbbackup`` as the suite runs it: processes of a launcher, with the AWS configuration of the caller."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from tests.support.launcher import Launcher
from tests.support.program import Result

SECONDS: Final = 3600.0  # the longest that one run may take
_PASSED_ON: Final = ("PATH", "HOME", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


class Stopped(Exception):
    """The suite was interrupted."""


@dataclass(frozen=True)
class Program:
    """With ``directory`` as its working directory, which also holds its state. ``stopping`` ends its runs."""

    directory: Path
    launcher: Launcher
    stopping: Event

    def plan(self, text: str) -> None:
        (self.directory / "ddbbackup.yaml").write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> Result:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            launched = self.launcher.start(
                arguments,
                cwd=self.directory,
                env=self._environment(),
                stdout=out.fileno(),
                stderr=err.fileno(),
            )
            deadline = time.monotonic() + SECONDS
            while (code := launched.wait(1.0)) is None:
                if self.stopping.is_set() or time.monotonic() > deadline:
                    launched.kill()
                    if self.stopping.is_set():
                        raise Stopped(f"ddbbackup {' '.join(arguments)} was stopped")
                    raise AssertionError(f"ddbbackup {' '.join(arguments)} took more than {SECONDS:.0f} s")
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read().decode("utf-8", "backslashreplace"))
        return Result(code, *texts)

    def _environment(self) -> dict[str, str]:
        """Everything that the SDK reads, and nothing that would configure ddbbackup."""
        return {
            **{name: value for name, value in os.environ.items() if name.startswith(("AWS_", "COVERAGE_"))},
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            "DDBBACKUP_STATE_DIR": str(self.directory / "state"),
            "COLUMNS": "200",
        }
