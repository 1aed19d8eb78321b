"""Fixtures of all tests."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest

from ddbbackup.clock import SystemClock
from ddbbackup.sandbox import start as start_sandbox
from ddbbackup.sandbox.moto_archives import MotoArchives
from ddbbackup.sandbox.moto_exports import MotoExports
from ddbbackup.sandbox.moto_session_keys import MotoSessionKeys
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import Aws
from tests.support.program import Program
from tests.support.speed import collect_garbage_less_often, parse_service_models_once

hypothesis.settings.register_profile("no deadline", deadline=None)  # a busy machine must not fail a test
hypothesis.settings.load_profile("no deadline")

collect_garbage_less_often()
parse_service_models_once()

for variable in [each for each in os.environ if each.startswith("AWS_")]:
    del os.environ[variable]  # no test may depend on the configuration of this machine
os.environ |= {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "127.0.0.1",
}


# Where the caller ignores them, as background jobs of a shell do, processes that tests start would ignore them too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """The sandbox of this process, in which time passes faster: an export takes about a third of a second."""
    with start_sandbox(export_seconds=(0.2, 0.4), cooldown_seconds=1.0) as running:
        yield running


@pytest.fixture(scope="session")
def sandbox(running_sandbox: Sandbox) -> Aws:
    """Clients of the sandbox. All tests share it, so each uses its own names (``name``)."""
    return Aws(running_sandbox.url, sts=True)


@pytest.fixture
def exports(running_sandbox: Sandbox) -> Iterator[MotoExports]:
    """The controls of the exports of the sandbox, reset after the test."""
    yield running_sandbox.exports
    running_sandbox.exports.before_completed = None
    running_sandbox.exports.export_seconds = (0.2, 0.4)


@pytest.fixture
def jobs(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The controls of its imports, bulk puts, restores and on-demand backups, reset after the test."""
    yield running_sandbox
    running_sandbox.bulk_puts.withholds = None
    running_sandbox.requests.data_plane_lag_seconds = 0.0
    running_sandbox.requests.backups_lag_seconds = 0.0
    running_sandbox.requests.bursts.clear()
    for each in (
        running_sandbox.imports,
        running_sandbox.bulk_puts,
        running_sandbox.pitr_restores,
        running_sandbox.backups,
    ):
        each.timers.gate.set()


@pytest.fixture
def session_keys(running_sandbox: Sandbox) -> Iterator[MotoSessionKeys]:
    """The keys of roles that the sandbox issues during the test."""
    keys = running_sandbox.session_keys
    keys.issued.clear()
    keys.requests.clear()
    keys.rejected.clear()
    yield keys
    keys.max_requests = None


@pytest.fixture
def archives(running_sandbox: Sandbox) -> Iterator[MotoArchives]:
    """The archived objects of the sandbox, whose retrievals end when the test says."""
    running_sandbox.archives.retrieve_seconds = None
    yield running_sandbox.archives
    running_sandbox.archives.requested.clear()
    running_sandbox.archives.retrieve_seconds = 0.5


@pytest.fixture
def clock(running_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxClock]:
    """The time of day in the sandbox and of the program in this process (``Program.run``), reset after the test."""
    clock = running_sandbox.clock
    monkeypatch.setattr(SystemClock, "now", lambda self: datetime.fromtimestamp(clock.now(), UTC))
    yield clock
    clock.ahead_seconds = 0.0


@pytest.fixture
def name() -> str:
    """A name for tables and buckets that no other test uses."""
    return f"t-{secrets.token_hex(6)}"


@pytest.fixture
def bucket(sandbox: Aws, name: str) -> str:
    return sandbox.create_bucket(f"{name}-vault")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)
