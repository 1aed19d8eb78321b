"""Any recorded instant of any history is restored as the table was: a law, on random histories.

The sandbox has the source, because only it exports windows. The targets are in it and in two servers that nobody here
wrote.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ddbbackup.sandbox.sandbox_clock import SandboxClock
from ddbbackup.times import from_iso, to_iso
from tests.support import servers
from tests.support.aws import Aws, in_order
from tests.support.plans import plan
from tests.support.program import Program

Item = dict[str, Any]

KEYS = st.integers(0, 7).map(str)
VALUES = st.one_of(
    st.text(max_size=3).map(lambda text: {"S": text}),
    st.integers(-5, 5).map(lambda number: {"N": str(number)}),
    st.just({"NULL": True}),
    st.just({"L": [{"B": "AA=="}, {"M": {}}]}),
)
WRITES = st.lists(st.tuples(KEYS, st.none() | VALUES), max_size=6)  # None deletes
EVENTS = st.sampled_from(["nothing", "nothing", "nothing", "nothing", "created again", "recovery gap"])
HOURS = st.lists(st.tuples(WRITES, EVENTS, st.integers(16, 480)), min_size=2, max_size=7)


@pytest.fixture(params=["sandbox", "ministack", "dynoxide"], scope="module")
def target(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URL of the DynamoDB that is restored into; None for the sandbox."""
    if request.param == "sandbox":
        yield None
        return
    with getattr(servers, request.param)() as url:
        yield url


@dataclass
class History:
    """A table, what it held at each restore point, and the program that backs it up."""

    aws: Aws
    bucket: str
    clock: SandboxClock
    directory: Path
    target: str | None
    name: str = field(default_factory=lambda: f"t-{secrets.token_hex(6)}")
    items: dict[str, Item] = field(default_factory=dict)
    points: dict[str, list[Item]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.program = Program(self.directory)
        self.restored = Aws(self.target) if self.target else self.aws
        self.aws.create_table(self.name, pitr=True)
        self.clock.advance(2)

    def live_through(self, writes: list[tuple[str, Item | None]], event: str, minutes: int) -> None:
        """Writes, then perhaps something that breaks the chain; then time passes."""
        for key, value in writes:
            if value is None:
                self.aws.dynamodb.delete_item(TableName=self.name, Key={"id": {"S": key}})
                self.items.pop(key, None)
            else:
                self.items[key] = {"id": {"S": key}, "v": value}
                self.aws.put(self.name, self.items[key])
        if event == "created again":
            self.aws.dynamodb.delete_table(TableName=self.name)
            self.aws.create_table(self.name, pitr=True)
            self.items = {}
        elif event == "recovery gap":
            self.aws.set_pitr(self.name, enabled=False)
            self.aws.set_pitr(self.name, enabled=True)
        self.clock.advance(60 * minutes)

    def back_up(self) -> None:
        self._plan(to_target=False)
        done = self.program.run("backup", "--output", "json")
        assert done.code == 0, done.err
        self.points[str(done.facts["backup"])] = in_order(self.items.values())

    def restore(self, source: str) -> tuple[int, str, list[Item]]:
        """The exit code, what was said, and the items of the restored table."""
        self._plan(to_target=True)
        table = f"{self.name}-{secrets.token_hex(4)}"
        done = self.program.run("restore", "back", "--from", source, "--run-id", table)
        return done.code, done.out + done.err, self.restored.items(table) if done.code == 0 else []

    def _plan(self, *, to_target: bool) -> None:
        restores = {
            "back": {
                "table": self.name,
                "method": "write",
                "to": {"table": "{run}", "settings": "none"},
            }
        }
        tables = [{"name": self.name, "method": "incremental", "full_every": "1d"}]
        urls = dict(self.aws.endpoint_urls)
        if to_target and self.target is not None:
            urls["dynamodb"] = self.target
        self.program.plan(
            plan(self.aws, self.bucket, {"endpoint_urls": urls}, tables=tables, restores=restores)
        )


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(hours=HOURS, lost=st.integers(0, 6))
def test_every_recorded_instant_is_restored_as_it_was(
    sandbox: Aws,
    bucket: str,
    clock: SandboxClock,
    tmp_path: Path,
    target: str | None,
    hours: list[tuple[list[tuple[str, Item | None]], str, int]],
    lost: int,
) -> None:
    """Puts, updates, deletes, a table that is created again, and gaps of the recovery window, over random windows.

    What cannot be restored is refused, with the backup that is missing.
    """
    history = History(sandbox, bucket, clock, tmp_path, target)
    for writes, event, minutes in hours:
        history.live_through(writes, event, minutes)
        history.back_up()
    for backup, items in history.points.items():
        code, said, restored = history.restore(backup)
        assert code == 0, said
        assert restored == items, backup

    records = {
        key: json.loads(sandbox.read(bucket, key)) for key in sandbox.record_keys(bucket, history.name)
    }
    key, gone = list(records.items())[lost % len(records)]
    before = from_iso(next(iter(records.values()))["covers"]["end"]) - timedelta(seconds=2)
    code, said, _ = history.restore(to_iso(before))
    assert (code, "no complete backup" in said) == (1, True), said
    sandbox.s3.delete_object(Bucket=bucket, Key=key)
    for record in records.values():
        if gone["id"] in record["chain"]["needs"] and record["id"] != gone["id"]:
            code, said, _ = history.restore(record["id"])
            assert code == 1, said
            assert f"needs the backup {gone['id']}" in said
