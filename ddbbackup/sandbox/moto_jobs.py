"""What the emulated jobs do with moto's tables and buckets; like its neighbours it knows moto's inside."""

from __future__ import annotations

import base64
import gzip
import json
import threading
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException
from moto.dynamodb.models.table import Table
from moto.s3.models import s3_backends

from ddbbackup.sandbox.aws_error import AwsError

_ORIGINAL_DESCRIBE: Final = Table.describe
_GUISES: Final[WeakKeyDictionary[Table, Guise]] = WeakKeyDictionary()
_SAMPLE: Final = 16  # items whose size stands for that of all


class Timers:
    """What is still to happen; ends with the sandbox. ``gate`` is for tests: cleared, it holds what is ``held``."""

    def __init__(self) -> None:
        self._timers: list[threading.Timer] = []
        self.gate = threading.Event()
        self.gate.set()

    def after(self, seconds: float, work: Callable[..., None], *arguments: Any, held: bool = False) -> None:
        def when_open() -> None:
            if held:
                self.gate.wait()
            work(*arguments)

        timer = threading.Timer(seconds, when_open)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def close(self) -> None:
        self.gate.set()
        for timer in self._timers:
            timer.cancel()


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket as the caller may use it."""

    name: str
    backend: Any

    def objects(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Every object whose key begins with the prefix, as plain text: manifests too."""
        keys, *_ = self.backend.list_objects(
            self.backend.get_bucket(self.name), prefix=prefix, delimiter=None, marker=None, max_keys=None
        )
        for key in keys:
            yield key.name, key.value

    def put(self, key: str, body: bytes) -> None:
        self.backend.put_object(self.name, key, body)


def find_bucket(name: str, *, owner: str | None, account: str) -> Bucket | tuple[str, str]:
    """The bucket, or AWS's code and words of why the caller's account cannot use it.

    Another account's bucket needs its owner said; bucket policies are not emulated.
    """
    if name not in s3_backends.bucket_accounts:
        return "S3NoSuchBucket", "The specified bucket does not exist"
    partition, real = s3_backends.bucket_accounts[name]
    if (owner or account) != real:
        return "S3AccessDenied", f"Access denied for {account} to the bucket of another owner"
    return Bucket(name, s3_backends[real][partition])


def lines_of(body: bytes, compression: str) -> Iterator[bytes]:
    """The lines of one object. Raises ``ValueError`` if it is not compressed as said."""
    if compression == "GZIP":
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError("not gzip") from error
    elif body.startswith(b"\x1f\x8b"):
        raise ValueError("not text")
    yield from (line for line in body.split(b"\n") if line)


def put_line(table: Table, line: bytes) -> None:
    """Puts the item of an export line. Raises ``ValueError`` for no JSON, ``KeyError`` for what the table refuses."""
    record = json.loads(line)
    item = record["Item"] if isinstance(record, dict) else {}
    try:
        table.put_item(item_attrs=item)
    except (ServiceException, DynamodbException) as error:
        raise KeyError(str(error)) from error


def answered(make: Callable[[], dict[str, Any]]) -> ActionResult:
    """moto's answer of what ``make`` gives, or of the ``AwsError`` that it raises."""
    try:
        return ActionResult(make())
    except AwsError as error:
        raise DynamodbException(ERROR_TYPE_PREFIX + error.code, error.message) from error


def plain_times(request: dict[str, Any]) -> dict[str, Any]:
    """moto hands times out as datetimes."""
    return {
        name: value.timestamp() if isinstance(value, datetime) else value for name, value in request.items()
    }


@dataclass(slots=True)
class Guise:
    """What a job of the sandbox makes a table look like beyond moto's description."""

    id: str
    status: str = "ACTIVE"
    restore: dict[str, Any] | None = None  # RestoreSummary


def guise(table: Table) -> Guise:
    """moto's tables have no TableId; AWS's are new for each incarnation of a name."""
    if table not in _GUISES:
        made = uuid.uuid5(uuid.NAMESPACE_URL, f"{table.table_arn} {table.created_at.isoformat()}")
        _GUISES[table] = Guise(str(made))
    return _GUISES[table]


def table_id(table: Table) -> str:
    return guise(table).id


def describe_table(table: Table, base_key: str = "TableDescription") -> dict[str, Any]:
    """moto's description with what a job in the sandbox changes of it: id, status, size, restore summary."""
    said = _ORIGINAL_DESCRIBE(table, base_key)
    look = guise(table)
    said[base_key] |= {"TableId": look.id, "TableStatus": look.status, "TableSizeBytes": _size(table)}
    if look.restore is not None:
        said[base_key]["RestoreSummary"] = look.restore
    return said


def line_of(item: Any) -> bytes:
    """One export line: what was put, as DynamoDB JSON, in UTF-8."""
    plain = {name: _plain(value) for name, value in item.attrs.items()}
    return json.dumps({"Item": plain}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _size(table: Table) -> int:
    """An estimate, as AWS's is hours old."""
    items = [item for _, item in zip(range(_SAMPLE), table.all_items(), strict=False)]
    return sum(len(line_of(item)) for item in items) * len(table) // max(1, len(items))


def _plain(value: Any) -> Any:
    kind, content = value.type, value.value
    if kind == "M":
        return {kind: {name: _plain(each) for name, each in content.items()}}
    if kind == "L":
        return {kind: [_plain(each) for each in content]}
    if kind == "BS":
        return {kind: [_base64(each) for each in content]}
    return {kind: _base64(content) if kind == "B" else content}


def _base64(value: str | bytes) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
