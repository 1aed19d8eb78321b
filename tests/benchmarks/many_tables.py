"""What `status`, `list`, `preview` and `doctor` cost for two thousand tables, on a terminal.

The program runs from its command line, in a process of its own, on a large terminal. AWS is in the same process: it
answers each request after 30 ms, and makes its answers as they are asked for.

``python -m tests.benchmarks.many_tables TABLES VERB…`` runs one verb and writes the seconds to stderr.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ddbbackup import cli
from ddbbackup.archive.layout import records_prefix
from ddbbackup.cli import session
from ddbbackup.ports import Export, ExportPage, ObjectFacts, PitrWindow
from ddbbackup.steps.rate_limits import RateLimits
from tests.benchmarks.large_catalog import AT_ONCE, LATENCY_SECONDS, GeneratedStore, Shape
from tests.benchmarks.targets import Target
from tests.benchmarks.tree import peak_bytes
from tests.support.memory_cloud import MemoryCloud, describe

TABLES: Final = 2_000
VERBS: Final = (("status",), ("list",), ("list", "--last", "3"), ("preview",), ("doctor",))
SECONDS: Final = 10
LINES: Final = 60
MEGABYTES: Final = 150
_COLUMNS, _ROWS = 140, 60
_NIGHTS: Final = 30
_FIGURES: Final = 3  # that the process of the verb writes
_NIGHTLY: Final = Shape("nightly full backups", timedelta(days=1), 1)


@dataclass(frozen=True, slots=True)
class Glance:
    """One verb. ``lines`` are those of stdout, ``seconds`` those from the start of the verb to its end.

    ``paced_seconds`` is how long the rates that AWS allows would make it wait: nobody waits for them here.
    """

    command: str
    tables: int
    exit_code: int
    seconds: float
    paced_seconds: float
    lines: int
    peak_bytes: int
    text: str


# ---- in the process of the verb


class _Store(GeneratedStore):
    """Thirty nightly full exports of each table."""

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(_NIGHTLY, _NIGHTS, now=datetime.now(UTC) - timedelta(hours=1) + _NIGHTLY.every)
        self._prefix = records_prefix("", "prod", "123456789012", "eu-west-1")
        self._folders = [f"{self._prefix}{table}/" for table in tables]

    def folders(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[str]:
        for number, folder in enumerate(self._folders if prefix == self._prefix else ()):
            if number % 1000 == 0:
                self._request("folders")
            yield folder

    def keys(self, bucket: str, prefix: str, **members: Any) -> Iterator[ObjectFacts]:
        """The data of a backup is one file; the records of a table are those of ``GeneratedStore``."""
        if not prefix.startswith(self._prefix):
            self._request("list")
            return iter([ObjectFacts(f"{prefix}data/0.json.gz", 1, '"e"')])
        return super().keys(bucket, prefix, **members)


class _Later:
    """Answers like ``service``, after a while."""

    def __init__(self, service: Any) -> None:
        self._service = service
        self._at_once = threading.BoundedSemaphore(AT_ONCE)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        if not callable(found) or name == "arn":
            return found

        def answer(*arguments: Any, **members: Any) -> Any:
            with self._at_once:
                time.sleep(LATENCY_SECONDS)
            return found(*arguments, **members)

        return answer


class _Exports:
    def page(self, *, table_arn: str | None = None, next_token: str | None = None) -> ExportPage:
        return ExportPage((), None)

    def describe(self, export_arn: str) -> Export:
        raise NotImplementedError(export_arn)


def _cloud(tables: Sequence[str]) -> Any:
    cloud: Any = MemoryCloud()
    for table in tables:
        cloud.tables.add(describe(table), pitr=False)
        cloud.tables.windows[table] = PitrWindow(
            True, datetime.now(UTC) - timedelta(days=35), datetime.now(UTC)
        )
    for name in ("tables", "buckets", "settings"):
        setattr(cloud, name, _Later(getattr(cloud, name)))
    cloud.exports = _Later(_Exports())
    cloud.objects = _Store(tables)
    cloud.server_time = lambda: datetime.now(UTC)
    return cloud


def _plan(tables: Sequence[str]) -> str:
    """A table in a hundred has an RPO that it breaks."""
    entries = [
        {"name": table, "rpo": "15m" if number % 100 == 50 else "25h"} for number, table in enumerate(tables)
    ]
    document = {
        "version": 1,
        "name": "prod",
        "aws": {"region": "eu-west-1"},
        "destinations": {"vault": {"bucket": "vault", "prefix": "{table}/"}},
        "tables": entries,
    }
    return json.dumps(document)


class _Pace:
    """In the place of ``RateLimits.reserve``: reserves, but nobody waits."""

    def __init__(self) -> None:
        self.longest_seconds = 0.0
        reserve = RateLimits.reserve

        def reserve_at_once(limits: RateLimits, operation: str, now: float) -> float:
            self.longest_seconds = max(self.longest_seconds, reserve(limits, operation, now))
            return 0.0

        setattr(RateLimits, "reserve", reserve_at_once)  # noqa: B010 - in the place of a method


def _run(count: int, words: Sequence[str]) -> int:
    tables = [f"table-{number:05d}" for number in range(count)]
    cloud, pace = _cloud(tables), _Pace()
    setattr(session, "connect", lambda connection: cloud)  # noqa: B010 - in the place of AWS
    with tempfile.TemporaryDirectory(prefix="ddbbackup-glance-") as folder:
        os.environ["DDBBACKUP_STATE_DIR"] = folder
        plan = Path(folder) / "prod.yaml"
        plan.write_text(_plan(tables), encoding="utf-8")
        started = time.perf_counter()
        code = cli.main([*words, "-f", str(plan)])
        seconds = time.perf_counter() - started
    peak = peak_bytes(os.getpid())
    print(f"\nglance {seconds:.3f} {pace.longest_seconds:.3f} {peak}", file=sys.stderr)
    return code


# ---- in the process that measures


def look(words: Sequence[str], *, tables: int = TABLES) -> Glance:
    """Runs one verb on a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    command = [sys.executable, "-m", "tests.benchmarks.many_tables", str(tables), *words]
    environ = {
        name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")
    }
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, text=True, env=environ) as process:
        os.close(theirs)
        written = threading.Thread(target=lambda: said.append(_read(ours)))
        said: list[bytes] = []
        written.start()
        _, errors = process.communicate()
        written.join()
    os.close(ours)
    figures = errors.rpartition("\nglance ")[2].split()
    if len(figures) != _FIGURES:
        raise AssertionError(f"{' '.join(words)} did not end: {errors[-2000:]}")
    text = said[0].decode()
    return Glance(
        " ".join(words),
        tables,
        process.returncode,
        float(figures[0]),
        float(figures[1]),
        len(text.splitlines()),
        int(figures[2]),
        text,
    )


def _read(terminal: int) -> bytes:
    written = b""
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # what Linux answers once the other side is closed
            return written
        if not read:
            return written
        written += read


def glance_all() -> list[Glance]:
    return [replace(look(words), text="") for words in VERBS]


def targets(glances: Sequence[Glance]) -> list[Target]:
    return [
        Target(
            f"`{each.command}` of {each.tables:,} tables on a terminal, simulated",
            f"≤ {SECONDS} s, ≤ {LINES} lines, ≤ {MEGABYTES} MB",
            f"{_time(each)}, {each.lines} lines, {each.peak_bytes / 1e6:.0f} MB",
            each.seconds + each.paced_seconds <= SECONDS
            and each.lines <= LINES
            and each.peak_bytes <= MEGABYTES * 1e6,
            bound="AWS allows ten DescribeContinuousBackups a second, one for each table"
            if each.paced_seconds >= 1
            else "",
        )
        for each in glances
    ]


def _time(glance: Glance) -> str:
    paced = f" and {glance.paced_seconds:.0f} s of AWS's rates" if glance.paced_seconds >= 1 else ""
    return f"{glance.seconds:.1f} s{paced}"


def chapter(glances: Sequence[Glance]) -> str:
    """Markdown."""
    text = f"""
## Many tables at a glance

{TABLES:,} tables with {_NIGHTS} nightly backups each, on a terminal of {_COLUMNS} × {_ROWS}. AWS answers each request
after {LATENCY_SECONDS * 1000:.0f} ms, {AT_ONCE} at a time, and makes its answers in the same process. Memory is that
of the process, all imports and the simulated AWS included. `preview` and `doctor` read the recovery window of each
table, of which AWS allows ten a second: nobody waits for that here, and the time is given beside the rest. On AWS
they take more than three minutes, and their progress says why.

| command | exit code | time | AWS's rates | lines | peak memory |
| --- | ---: | ---: | ---: | ---: | ---: |
"""
    for each in glances:
        times = f"{each.seconds:.1f} s | {each.paced_seconds:.0f} s"
        memory = f"{each.peak_bytes / 1e6:.0f} MB"
        text += f"| `{each.command}` | {each.exit_code} | {times} | {each.lines} | {memory} |\n"
    return text


if __name__ == "__main__":
    sys.exit(_run(int(sys.argv[1]), sys.argv[2:]))
