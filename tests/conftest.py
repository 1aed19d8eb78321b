"""What all tests share."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from moto.dynamodb.models import dynamodb_backends

from ddbbackup.sandbox import start as start_sandbox
from ddbbackup.sandbox.moto_exports import MotoExports
from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import REGION, Aws
from tests.support.program import Program

hypothesis.settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("no deadline")

for variable in [each for each in os.environ if each.startswith("AWS_")]:
    del os.environ[variable]  # nothing of this machine's set-up may decide a test
os.environ |= {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "127.0.0.1",
}


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """The sandbox of this process, with exports of a third of a second."""
    with start_sandbox(export_seconds=(0.2, 0.4)) as running:
        yield running


@pytest.fixture(scope="session")
def sandbox(running_sandbox: Sandbox) -> Aws:
    """What tests see of it; they use names of their own in it."""
    return Aws(running_sandbox.url, sts=True)


@pytest.fixture
def exports(running_sandbox: Sandbox) -> Iterator[MotoExports]:
    """The knobs of its exports, put back afterwards."""
    yield running_sandbox.exports
    running_sandbox.exports.before_completed = None
    running_sandbox.exports.export_seconds = (0.2, 0.4)


@pytest.fixture
def jobs(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The knobs of its imports, bulk puts and point-in-time restores, put back afterwards."""
    yield running_sandbox
    running_sandbox.bulk_puts.withholds = None
    for each in (running_sandbox.imports, running_sandbox.bulk_puts, running_sandbox.pitr_restores):
        each.timers.gate.set()


@pytest.fixture
def age_recovery(running_sandbox: Sandbox) -> Callable[[str, float], None]:
    """Makes it as if a table's point-in-time recovery had been enabled so many seconds earlier."""
    backend = dynamodb_backends[running_sandbox.account][REGION]

    def age(table: str, seconds: float) -> None:
        backups = backend.get_table(table).continuous_backups
        backups["PointInTimeRecoveryDescription"]["EarliestRestorableDateTime"] -= seconds

    return age


@pytest.fixture
def name() -> str:
    """A name for tables and buckets that no other test has."""
    return f"t-{secrets.token_hex(6)}"


@pytest.fixture
def bucket(sandbox: Aws, name: str) -> str:
    return sandbox.create_bucket(f"{name}-vault")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)
