"""Chains written into servers that nobody here wrote: at every recorded instant, the table is what it was then."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddbbackup.archive.attribute_values import comparable_key
from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.session import Connection, forget_sessions
from ddbbackup.bulk import open_ledger, write_items
from ddbbackup.bulk.ledger import RestoreIdentity
from ddbbackup.bulk.model import DataFile, WriteJob, WriteResult
from ddbbackup.model.checksums import md5_base64
from ddbbackup.model.progress import Progress
from ddbbackup.ports import KeyAttribute
from tests.support import servers
from tests.support.aws import KEY, REGION, SECRET, Aws, in_order, line
from tests.support.chains import History, View, histories
from tests.support.items import scalars

KEYS = (KeyAttribute("id", "HASH", "S"), KeyAttribute("at", "RANGE", "S"))
TEXTS = st.sampled_from(["a", "é", '"', "\\u0041", ',"NewImage":{"', "A", "\u2028"])
ITEMS = st.builds(
    lambda identity, at, value: {"value": value, "at": {"S": at}, "id": {"S": identity}},
    TEXTS,
    TEXTS,
    scalars,
)


@pytest.fixture(scope="module", params=["ministack", "dynoxide"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    start = servers.ministack if request.param == "ministack" else servers.dynoxide
    with start() as url:
        yield url


@pytest.fixture
def target(server: str, sandbox: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The server for tables; data files lie in the sandbox."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    forget_sessions()
    return Aws(server, sandbox.s3_url)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(history=histories(ITEMS, ("id", "at")), view=st.sampled_from(["NEW_IMAGE", "NEW_AND_OLD_IMAGES"]))
def test_the_table_of_every_instant(
    target: Aws, bucket: str, tmp_path: Path, history: History, view: View
) -> None:
    """The last table then goes back to each earlier instant, with the deletes that this needs."""
    name = f"t-{secrets.token_hex(6)}"
    lines = list(history.lines(view))
    base = put_files(target, bucket, f"{name}/base", [line(dict(each)) for each in history.base])
    windows = [put_files(target, bucket, f"{name}/{n}", changes) for n, changes in enumerate(lines)]
    for count, state in enumerate(history.states):
        table = target.create_table(f"{name}-{count}", range_key="at").rpartition("/")[2]
        result = write(target, table, tmp_path / table, base, windows[:count], deletes=False)
        assert target.items(table) == in_order(map(dict, state.values()))
        assert result.written == len(state)
    known = {comparable_key(each["Keys"], history.names) for window in history.windows for each in window}
    known |= history.states[0].keys()
    last = f"{name}-{len(windows)}"
    for count, state in enumerate(history.states):
        seen = {comparable_key(each["Keys"], history.names) for w in history.windows[:count] for each in w}
        write(target, last, tmp_path / f"{last}-{count}", base, windows[:count], deletes=True)
        there = {comparable_key(each, history.names) for each in target.items(last)}
        assert there >= state.keys()
        assert not (there & seen) - state.keys()
        assert there <= known


def put_files(aws: Aws, bucket: str, prefix: str, lines: Sequence[bytes]) -> tuple[DataFile, ...]:
    uri = aws.put_export(bucket, [lines[n::2] for n in range(2)], prefix=f"{prefix}/")
    root = uri.removeprefix(f"s3://{bucket}/")
    files = []
    for n in range(2):
        key = f"{root}data/{n:026d}.json.gz"
        files.append(DataFile(bucket, key, md5_base64(aws.read(bucket, key)), len(lines[n::2])))
    return tuple(files)


def write(
    aws: Aws,
    table: str,
    directory: Path,
    base: tuple[DataFile, ...],
    windows: Sequence[tuple[DataFile, ...]],
    *,
    deletes: bool,
) -> WriteResult:
    connection = Connection(region=REGION, endpoint_urls=(("dynamodb", aws.url), ("s3", aws.s3_url)))
    job = WriteJob(base, table, KEYS, directory, tuple(windows), deletes, workers=1)

    def ignore(progress: Progress) -> None:
        del progress

    with open_ledger(directory, RestoreIdentity("a random text", table)) as ledger:
        return write_items(
            job,
            access=AwsBulkAccess(target=connection, source=connection),
            ledger=ledger,
            on_progress=ignore,
            stop=threading.Event(),
        )
