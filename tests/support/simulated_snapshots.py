"""On-demand backups of a simulated AWS in virtual time: rates, durations, and responses that are lost.

50 CreateBackup a second (DynamoDB API); bursts of 13 DescribeBackup and of 5 ListBackups, then ten and five a second
(observed on AWS).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from ddbbackup.errors import SnapshotMissing, Throttled, Unreachable
from ddbbackup.model.arn import Arn
from ddbbackup.ports import Snapshot
from tests.support.simulated_aws import TokenBucket
from tests.support.virtual_time import VirtualClock

_RATES = {"CreateBackup": (50.0, 50.0), "DescribeBackup": (13.0, 10.0), "ListBackups": (5.0, 5.0)}


class SimulatedSnapshots:
    """Implements what backups ask of ``ports.Snapshots``. The TableId of a table is its ARN.

    ``lost``: the share of requests whose response is lost, half of them before AWS has carried them out.
    """

    def __init__(self, clock: VirtualClock, *, seed: int, lost: float = 0.0) -> None:
        self.clock = clock
        self.kept: list[Snapshot] = []
        self.calls: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._lost = lost
        self._available_at: dict[str, datetime] = {}
        self._buckets = {name: TokenBucket(*rate) for name, rate in _RATES.items()}

    def create(self, table: str, name: str) -> Snapshot:
        self._called("CreateBackup")
        lost = self._random.random() < self._lost
        if lost and self._random.random() < 0.5:
            raise Unreachable("the connection broke", hint="-")
        now = self.clock.now()
        arn = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table}/backup/0{len(self.kept):013d}-0badcafe"
        table_arn = arn.partition("/backup/")[0]
        made = Snapshot(arn, name, "CREATING", now, 0, table_arn, table_arn, 0)
        self.kept.append(made)
        self._available_at[arn] = now + timedelta(seconds=self._random.uniform(0, 600))
        if lost:
            raise Unreachable("the connection broke", hint="-")
        return made

    def describe(self, arn: str) -> Snapshot:
        self._called("DescribeBackup")
        for each in self.kept:
            if each.arn == arn:
                return self._now(each)
        raise SnapshotMissing(f"there is no on-demand backup {arn}", hint="-")

    def of_table(self, table: str, *, since: datetime | None = None) -> Iterator[Snapshot]:
        self._called("ListBackups")
        for each in self.kept:
            if Arn.parse(each.arn).table_name == table and (since is None or each.created_at >= since):
                yield self._now(each)

    def _now(self, snapshot: Snapshot) -> Snapshot:
        ready = self._available_at[snapshot.arn] <= self.clock.now()
        return replace(snapshot, status="AVAILABLE" if ready else "CREATING")

    def _called(self, operation: str) -> None:
        self.calls[operation] += 1
        if not self._buckets[operation].take(self.clock.monotonic()):
            self.throttled[operation] += 1
            raise Throttled(f"{operation}: Rate exceeded", hint="-")
