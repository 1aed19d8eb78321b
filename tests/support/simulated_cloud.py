"""The rest of the world that a backup needs in the simulation: tables, their settings, a bucket."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ddbbackup.archive.layout import SUMMARY
from ddbbackup.errors import AccessDenied, NotSupported
from ddbbackup.ports import Identity, ObjectFacts, PitrWindow, TableFacts
from tests.support.memory import MemoryObjects, MemoryStream
from tests.support.simulated_aws import SimulatedAws

_HEAD = "arn:aws:dynamodb:eu-west-1:123456789012:table/"


class SimulatedCloud:
    """Implements what ``ports.Cloud`` is asked for while tables are backed up; every call is counted."""

    def __init__(self, aws: SimulatedAws, tables: int, *, s3_answers_looks: bool = True) -> None:
        self.identity = Identity("123456789012", "arn:aws:iam::123456789012:user/sim", "aws", "eu-west-1")
        self.exports = aws
        self.objects = _Objects(aws, answers_looks=s3_answers_looks)
        self.tables = _Tables(aws, [f"table-{number:04d}" for number in range(tables)])
        self.settings = self.scaling = _NothingSet(aws)
        self.buckets = _Buckets()


class _Tables:
    def __init__(self, aws: SimulatedAws, names: list[str]) -> None:
        self._aws, self._names = aws, names

    def names(self) -> Iterator[str]:
        yield from self._names

    def arn(self, name: str) -> str:
        return _HEAD + name

    def describe(self, name: str) -> TableFacts:
        self._aws.called("DescribeTable")
        arn = self.arn(name)
        return TableFacts(name, arn, arn, "ACTIVE", (), 0, 0, {"TableName": name, "TableArn": arn})

    def pitr(self, name: str) -> PitrWindow:
        self._aws.called("DescribeContinuousBackups")
        return PitrWindow(enabled=True)


class _Buckets:
    """The destination's bucket is there; nothing else of it can be read."""

    def region(self, bucket: str, *, owner: str | None = None) -> str:
        return "eu-west-1"

    def __getattr__(self, name: str) -> Any:
        def ask(*_: Any, **__: Any) -> Any:
            raise NotSupported("the simulation has no settings of buckets", hint="-")

        return ask


class _NothingSet:
    """Every question about a setting is a call, and is answered with "not supported"."""

    def __init__(self, aws: SimulatedAws) -> None:
        self._aws = aws

    def __getattr__(self, name: str) -> Any:
        def ask(*_: Any, **__: Any) -> Any:
            self._aws.called(f"settings.{name}")
            raise NotSupported("the simulation has no settings", hint="-")

        return ask


class _Objects(MemoryObjects):
    """Counts calls as S3's; the simulated exports write into it."""

    def __init__(self, aws: SimulatedAws, *, answers_looks: bool) -> None:
        super().__init__()
        self._aws, self._answers_looks = aws, answers_looks
        self._sorted: list[str] = []
        aws.put_object = self.lay_down

    def lay_down(self, key: str, body: bytes) -> None:
        if key not in self.bodies:
            bisect.insort(self._sorted, key)
        self.bodies[key] = body

    def head(self, bucket: str, key: str, *, owner: str | None = None) -> ObjectFacts | None:
        if not key.endswith(SUMMARY):
            return super().head(bucket, key)
        self._aws.called("s3.HeadObject")
        if not self._answers_looks:
            raise AccessDenied("Forbidden (403)", hint="-")
        return super().head(bucket, key)

    def read(
        self, bucket: str, key: str, *, limit_bytes: int, owner: str | None = None
    ) -> tuple[bytes, ObjectFacts]:
        self._aws.called("s3.GetObject")
        return super().read(bucket, key, limit_bytes=limit_bytes)

    @contextmanager
    def stream(self, bucket: str, key: str, *, owner: str | None = None) -> Iterator[MemoryStream]:
        self._aws.called("s3.GetObject")
        yield MemoryStream(self.bodies[key])

    def put(self, bucket: str, key: str, body: bytes, **conditions: Any) -> str:
        self._aws.called("s3.PutObject")
        etag = super().put(bucket, key, body, **conditions)
        if self._sorted[(place := bisect.bisect_left(self._sorted, key)) : place + 1] != [key]:
            self._sorted.insert(place, key)
        return etag

    def keys(
        self,
        bucket: str,
        prefix: str,
        *,
        owner: str | None = None,
        start_after: str | None = None,
        recursive: bool = True,
    ) -> Iterator[ObjectFacts]:
        self._aws.called("s3.ListObjectsV2")
        first = bisect.bisect_left(self._sorted, prefix)
        if start_after is not None:
            first = max(first, bisect.bisect_right(self._sorted, start_after))
        for place in itertools.count(first):
            if place >= len(self._sorted) or not self._sorted[place].startswith(prefix):
                return
            key = self._sorted[place]
            if recursive or "/" not in key[len(prefix) :]:
                yield self._facts(key, self.bodies[key])
