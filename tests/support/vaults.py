"""A vault in memory: full backups, windows and other records of one table, with the objects that they name."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from ddbbackup.catalog import (
    Catalog,
    Record,
    RecordedChain,
    RecordedCoverage,
    RecordedData,
    RecordedSnapshot,
    RecordedVerification,
    RestorePoint,
    StoredRecord,
    description_document,
    locate,
    restore_points,
)
from ddbbackup.errors import DdbBackupError, SnapshotMissing
from ddbbackup.model.checksums import md5_base64
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Snapshot
from tests.support.memory import MemoryObjects
from tests.support.records import IDENTITY, TABLE_ID, instant, record
from tests.support.virtual_time import VirtualClock

TODAY = datetime(2026, 11, 24, tzinfo=UTC)  # of the virtual clock
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OK = RecordedVerification(level="checksums", at=TODAY - timedelta(days=1), result="ok")


class Killed(BaseException):
    """The process ends: nothing handles this."""


class MortalObjects(MemoryObjects):
    """Objects of a process that is killed at its n-th change, before it, after it, or in the middle of a batch.

    ``dies_in`` None: never. ``undeletable`` has the error of keys that are not deleted. ``before_delete`` is called
    before each deletion; ``batches`` are the keys of each.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dies_in: int | None = None
        self.is_dead = False
        self.undeletable: dict[str, DdbBackupError] = {}
        self.before_delete: Callable[[Sequence[str]], None] = lambda keys: None
        self.batches: list[tuple[str, ...]] = []
        self._one_at_a_time = threading.RLock()

    def put(self, bucket: str, key: str, body: bytes, **members: Any) -> str:
        with self._one_at_a_time:
            self._live(half=False)
            etag = super().put(bucket, key, body, **members)
            self._die_after()
            return etag

    def delete_many(
        self, bucket: str, keys: Sequence[str], *, owner: str | None = None
    ) -> Mapping[str, DdbBackupError]:
        with self._one_at_a_time:
            self.before_delete(keys)
            if self._live(half=True):
                super().delete_many(bucket, keys[: len(keys) // 2])
                self.is_dead = True
                raise Killed
            self.batches.append(tuple(keys))
            errors = {key: error for key in keys if (error := self.undeletable.get(key))}
            super().delete_many(bucket, [key for key in keys if key not in errors])
            self._die_after()
            return errors

    def _live(self, *, half: bool) -> bool:
        """Whether to die in the middle of this change. Every change has two times to die: in it, and after it."""
        if self.is_dead:
            raise Killed
        if self.dies_in is None:
            return False
        self.dies_in -= 1
        if self.dies_in == 0:
            if half:
                return True
            self.is_dead = True
            raise Killed
        return False

    def _die_after(self) -> None:
        if self.dies_in is None:
            return
        self.dies_in -= 1
        if self.dies_in == 0:
            self.is_dead = True
            raise Killed


@dataclass
class MemorySnapshots:
    """On-demand backups, as far as they are described and deleted."""

    by_arn: dict[str, Snapshot] = field(default_factory=dict)

    def describe(self, arn: str) -> Snapshot:
        if arn not in self.by_arn:
            raise SnapshotMissing(f"{arn} does not exist", hint="-")
        return self.by_arn[arn]

    def delete(self, arn: str) -> None:
        del self.by_arn[arn]

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)


class Vault:
    """Records of ``orders`` of the plan ``prod``. Every record has another run and another export."""

    def __init__(self, *, prefix: str = "ddb/{table}/", table: str = "orders") -> None:
        self.objects = MortalObjects()
        self.snapshots = MemorySnapshots()
        self.clock = VirtualClock()
        self.destination = Destination("vault", "vault", prefix)
        self.table = table
        self.location = locate(self.destination, IDENTITY, table=table, plan="prod")
        self.catalog = Catalog(self.objects, plan="prod", clock=self.clock)
        self._count = 0

    def full(self, at: datetime, *, files: int = 2, **members: Any) -> Record:
        made = self._record(at, covers=instant(at), **members)
        return self._put(made, files)

    def window(self, previous: Record, at: datetime, *, files: int = 2, **members: Any) -> Record:
        """The changes from the end of ``previous``."""
        assert previous.covers is not None
        covers = RecordedCoverage(kind="window", start=previous.covers.end, end=at)
        made = self._record(at, covers=covers, **members)
        chain = RecordedChain(
            base=previous.chain.base, previous=previous.id, needs=(*previous.chain.needs, made.id)
        )
        return self._put(replace(made, chain=chain), files)

    def chain(self, first: datetime, windows: int, every: timedelta = timedelta(hours=1)) -> list[Record]:
        made = [self.full(first)]
        for number in range(windows):
            made.append(self.window(made[-1], first + every * (number + 1)))
        return made

    def snapshot(self, at: datetime) -> Record:
        """An on-demand backup."""
        made = self._record(at, has_arn=False)
        assert made.export is not None
        arn = f"{self.location.table_arn}/backup/0{round(at.timestamp() * 1000):013d}-{self._count:08x}"
        name = made.export.client_token
        self.snapshots.by_arn[arn] = Snapshot(arn, name, "AVAILABLE", at, table_arn=self.location.table_arn)
        made = replace(
            made,
            made_by="snapshot",
            export=None,
            snapshot=RecordedSnapshot(name=name, arn=arn),
            covers=RecordedCoverage(kind="interval", start=at, end=at + timedelta(minutes=1)),
        )
        self.write(made)
        return made

    def unfinished(self, at: datetime, state: str, *, has_arn: bool = True, **members: Any) -> Record:
        """A record without data. ``has_arn``: its export was started."""
        made = self._record(at, state=state, has_arn=has_arn, **members)
        self.write(made)
        return made

    def write(self, made: Record) -> None:
        self.objects.bodies[self.location.record_key(made.id)] = made.to_json()

    # ---- what there is

    def records(self) -> list[Record]:
        found = list(self.catalog.of_table(self.location))
        assert all(isinstance(each, StoredRecord) for each in found), found
        return [each.record for each in found if isinstance(each, StoredRecord)]

    def points(self) -> tuple[RestorePoint, ...]:
        return restore_points(self.records())

    def ids(self) -> set[str]:
        return {each.id for each in self.records()}

    def assert_whole(self) -> None:
        """Whatever counts as a restore point has all of its objects, descriptions included."""
        records = {each.id: each for each in self.records()}
        for point in self.points():
            for each in point.needs:
                for key in self.keys_of(records[each]):
                    assert key in self.objects.bodies, (point.id, key)

    def keys_of(self, made: Record) -> list[str]:
        folder = self.folder(made)
        manifest = self.objects.bodies.get(f"{folder}manifest-files.json", b"")
        data = [json.loads(line)["dataFileS3Key"] for line in manifest.splitlines()]
        assert made.table.description is not None
        manifests = [f"{folder}manifest-{name}" for name in ("summary.json", "files.json")]
        return [*manifests, *data, self.location.document_key(made.table.description)]

    def folder(self, made: Record) -> str:
        assert made.export_arn is not None
        return f"{self.location.prefix}AWSDynamoDB/{made.export_arn.rpartition('/')[2]}/"

    # ---- laying out

    def _record(
        self,
        at: datetime,
        *,
        description: Mapping[str, Any] | None = None,
        has_arn: bool = True,
        **members: Any,
    ) -> Record:
        self._count += 1
        export_id = f"0{round(at.timestamp() * 1000):013d}-{self._count:08x}"
        document = description_document(description or {"TableName": self.table})
        self.objects.bodies[self.location.document_key(document.sha256)] = document.body
        defaults: dict[str, Any] = {"state": "complete", "completed_at": at, "verified": OK}
        return record(
            table=self.table,
            run=f"run-{self._count}",
            at=at,
            export={"arn": f"{self.location.table_arn}/export/{export_id}"} if has_arn else {},
            destination={"bucket": "vault", "prefix": self.location.prefix},
            table_members={"description": document.sha256},
            **{**defaults, **members},
        )

    def _put(self, made: Record, files: int) -> Record:
        if made.export_arn is None:
            return made
        root = self.folder(made)
        made = replace(
            made,
            data=RecordedData(
                manifest_key=self.location.relative(f"{root}manifest-summary.json"),
                item_count=files,
                file_count=files,
                size_bytes=100 * files,
            ),
        )
        base = f"{self.location.prefix}AWSDynamoDB/" if made.kind == "window" else root
        self.put_manifests(
            made,
            [f"{base}data/{self.table[:4]}{self._count:08d}{number:06d}.json.gz" for number in range(files)],
        )
        self.write(made)
        return made

    def put_manifests(self, made: Record, data: Sequence[str]) -> None:
        """And the data files that they name."""
        root, bodies = self.folder(made), self.objects.bodies
        lines = b""
        for key in data:
            bodies.setdefault(key, key.encode())
            entry = {"itemCount": 1, "md5Checksum": md5_base64(bodies[key]), "dataFileS3Key": key}
            lines += json.dumps(entry).encode() + b"\n"
        summary = {
            "version": "2020-06-30",
            "exportArn": made.export_arn,
            "tableArn": self.location.table_arn,
            "tableId": TABLE_ID,
            "s3Bucket": "vault",
            "manifestFilesS3Key": f"{root}manifest-files.json",
            "billedSizeBytes": 100,
            "itemCount": len(data),
            "outputFormat": "DYNAMODB_JSON",
            "exportType": "INCREMENTAL_EXPORT" if made.kind == "window" else "FULL_EXPORT",
        }
        bodies[f"{root}_started"] = b""
        for name, body in (("files", lines), ("summary", json.dumps(summary).encode())):
            bodies[f"{root}manifest-{name}.json"] = body
            bodies[f"{root}manifest-{name}.md5"] = md5_base64(body).encode()


@st.composite
def vaults(draw: st.DrawFn) -> Vault:
    """A random history of one table: full backups, windows that follow any of the last ones, and failures."""
    vault = Vault(prefix=draw(st.sampled_from(["ddb/{table}/", "all/"])))
    at, made = TODAY - 300 * DAY, list[Record]()
    for _ in range(draw(st.integers(0, 14))):
        at += draw(st.sampled_from([HOUR, DAY, 9 * DAY]))
        match draw(
            st.sampled_from(["full", "window", "window", "window", "failed", "in_progress", "not_whole"])
        ):
            case "window" if made:
                previous = draw(st.sampled_from(made[-3:]))
                made.append(vault.window(previous, at, files=draw(st.integers(0, 3)), **drawn(draw)))
            case "failed" | "in_progress" as state:
                vault.unfinished(at, state, has_arn=draw(st.booleans()), completed_at=None, verified=None)
            case "not_whole":
                vault.full(at, state="not_whole", verified=None)
            case _:
                made.append(vault.full(at, files=draw(st.integers(0, 3)), **drawn(draw)))
    return vault


def drawn(draw: st.DrawFn) -> dict[str, object]:
    return {
        "verified": draw(st.sampled_from([OK, OK, None])),
        "description": {"TableName": draw(st.sampled_from(["orders", "changed", "changed again"]))},
    }
