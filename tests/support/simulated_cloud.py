"""The rest of the world that a backup needs in the simulation: tables, their settings, a bucket."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ddbbackup.archive.layout import SUMMARY
from ddbbackup.errors import AccessDenied, DdbBackupError, NotSupported
from ddbbackup.model.json_value import JsonObject
from ddbbackup.ports import (
    BucketEncryption,
    Identity,
    KeyAttribute,
    LifecycleRule,
    ObjectFacts,
    PitrWindow,
    TableFacts,
)
from tests.support.memory import MemoryObjects, MemoryStream
from tests.support.simulated_aws import SimulatedAws

_HEAD = "arn:aws:dynamodb:eu-west-1:123456789012:table/"


class SimulatedCloud:
    """Implements what ``ports.Cloud`` is asked for while tables are backed up; every call is counted.

    ``tables``: their names, or how many there are.
    """

    def __init__(
        self, aws: SimulatedAws, tables: int | Sequence[str], *, s3_answers_looks: bool = True
    ) -> None:
        names = tables if not isinstance(tables, int) else [f"table-{number:04d}" for number in range(tables)]
        self.identity = Identity("123456789012", "arn:aws:iam::123456789012:user/sim", "aws", "eu-west-1")
        self.exports = aws
        self.objects = _Objects(aws, answers_looks=s3_answers_looks)
        self.tables = _Tables(aws, names)
        self.settings = self.scaling = _NothingSet(aws)
        self.buckets = _Buckets()


class _Tables:
    def __init__(self, aws: SimulatedAws, names: Sequence[str]) -> None:
        self._aws, self._names = aws, names

    def names(self) -> Iterator[str]:
        yield from self._names

    def arn(self, name: str) -> str:
        return _HEAD + name

    def describe(self, name: str) -> TableFacts:
        self._aws.called("DescribeTable")
        arn, size = self.arn(name), self._aws.size_of(name)
        description: JsonObject = {
            "TableName": name,
            "TableArn": arn,
            "TableId": arn,
            "TableStatus": "ACTIVE",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            "ItemCount": size.items,
            "TableSizeBytes": size.stored_bytes,
        }
        key = KeyAttribute("id", "HASH", "S")
        return TableFacts(name, arn, arn, "ACTIVE", (key,), size.items, size.stored_bytes, description)

    def pitr(self, name: str) -> PitrWindow:
        self._aws.called("DescribeContinuousBackups")
        now = self._aws.clock.now()
        return PitrWindow(True, now - timedelta(days=35), now - timedelta(minutes=5), 35)


class _Buckets:
    """The destination's bucket, set up as it should be, but for its versioning."""

    versioning = True

    def region(self, bucket: str, *, owner: str | None = None) -> str:
        return "eu-west-1"

    def versioned(self, bucket: str, *, owner: str | None = None) -> bool:
        return self.versioning

    def object_lock(self, bucket: str, *, owner: str | None = None) -> None:
        return None

    def disabled_public_access_blocks(self, bucket: str, *, owner: str | None = None) -> tuple[str, ...]:
        return ()

    def encryption(self, bucket: str, *, owner: str | None = None) -> BucketEncryption:
        return BucketEncryption("AES256")

    def lifecycle(self, bucket: str, *, owner: str | None = None) -> tuple[LifecycleRule, ...]:
        return ()


class _NothingSet:
    """Every question about a setting is a call, and is answered with "not supported", or with nothing."""

    def __init__(self, aws: SimulatedAws) -> None:
        self._aws = aws

    def time_to_live(self, name: str) -> JsonObject:
        self._aws.called("settings.time_to_live")
        return {"TimeToLiveStatus": "DISABLED"}

    def kinesis_destinations(self, name: str) -> Sequence[JsonObject]:
        self._aws.called("settings.kinesis_destinations")
        return ()

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

    def _facts(self, key: str, body: bytes) -> ObjectFacts:
        return replace(super()._facts(key, body), size_bytes=self._aws.object_sizes.get(key, len(body)))

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

    def delete(self, bucket: str, key: str, *, owner: str | None = None) -> None:
        self.delete_many(bucket, [key])

    def delete_many(
        self, bucket: str, keys: Sequence[str], *, owner: str | None = None
    ) -> Mapping[str, DdbBackupError]:
        self._aws.called("s3.DeleteObjects")
        gone = {key for key in keys if key in self.bodies}
        self._sorted = [key for key in self._sorted if key not in gone]
        return super().delete_many(bucket, keys)

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
