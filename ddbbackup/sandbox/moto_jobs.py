"""What the emulated jobs share: timers, and access to moto's tables and buckets."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import threading
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.s3.models import FakeKey, s3_backends

from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.export_lines import json_item
from ddbbackup.sandbox.moto_archives import REFUSAL, is_readable
from ddbbackup.sandbox.moto_buckets import Encryption, S3Refusal, check_put

_ORIGINAL_DESCRIBE: Final = Table.describe
_SAMPLE: Final = 16  # items that the size of a table is estimated from


class Timers:
    """Delayed work. For tests: while ``gate`` is cleared, work that is ``held`` waits."""

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
    """A bucket that ``account`` may use."""

    name: str
    backend: Any
    account: str

    def sizes(self, prefix: str) -> list[int]:
        """Those that a listing shows, also of archived objects."""
        return [key.size for key in self._keys(prefix)]

    def objects(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Every object whose key begins with the prefix, also manifests: AWS matches prefixes as plain text.

        Raises ``S3Refusal`` for an archived object.
        """
        for key in self._keys(prefix):
            if not is_readable(key):
                raise S3Refusal(403, *REFUSAL)
            yield key.name, key.value

    def _keys(self, prefix: str) -> list[FakeKey]:
        keys, *_ = self.backend.list_objects(
            self.backend.get_bucket(self.name), prefix=prefix, delimiter=None, marker=None, max_keys=None
        )
        return list(keys)

    def put(self, key: str, body: bytes, encryption: Encryption) -> None:
        """Puts as the account that started the job (observed on AWS). Raises ``S3Refusal``.

        The default retention of the bucket holds for every new object (S3 guide: Object Lock).
        """
        check_put(self.name, key, self.account, encryption)
        bucket = self.backend.get_bucket(self.name)
        lock = (
            {"lock_mode": bucket.default_lock_mode, "lock_until": bucket.default_retention()}
            if bucket.has_default_lock
            else {}
        )
        self.backend.put_object(
            self.name, key, body, encryption=encryption.algorithm, kms_key_id=encryption.key, **lock
        )


def find_bucket(name: str, *, owner: str | None, account: str) -> Bucket | tuple[str, str]:
    """The bucket, or the code and message of AWS that say why the account cannot use it.

    A bucket of another account needs its owner in the request.
    """
    if name not in s3_backends.bucket_accounts:
        return "S3NoSuchBucket", "The specified bucket does not exist"
    partition, actual = s3_backends.bucket_accounts[name]
    if (owner or account) != actual:
        return "S3AccessDenied", f"Access denied for {account} to the bucket of another owner"
    return Bucket(name, s3_backends[actual][partition], account)


def requested_encryption(request: Mapping[str, Any]) -> Encryption:
    """The headers with which DynamoDB puts the objects of a job: AES256 unless ``S3SseAlgorithm`` is KMS."""
    algorithm = "aws:kms" if request.get("S3SseAlgorithm") == "KMS" else "AES256"
    return Encryption(algorithm, request.get("S3SseKmsKeyId"))


def failure_of(refusal: S3Refusal) -> tuple[str, str]:
    """The failure code and message of a job whose objects S3 refuses.

    ``S3AccessDenied`` and ``KmsNotFoundException`` were observed on AWS; others are made by the same pattern.
    """
    code = "KmsNotFoundException" if refusal.code == "KMS.NotFoundException" else f"S3{refusal.code}"
    return code, refusal.message


def lines_of(body: bytes, compression: str) -> Iterator[bytes]:
    """The lines of one object. Raises ``ValueError`` if it does not have this compression."""
    if compression == "GZIP":
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError("not gzip") from error
    elif body.startswith(b"\x1f\x8b"):
        raise ValueError("not text")
    yield from (line for line in body.split(b"\n") if line)


def put_line(table: Table, line: bytes) -> None:
    """Puts the item of an export line. Raises ``ValueError`` for invalid JSON, ``KeyError`` for a rejected item."""
    record = json.loads(line)
    item = record["Item"] if isinstance(record, dict) else {}
    try:
        table.put_item(item_attrs=item)
    except (ServiceException, DynamodbException) as error:
        raise KeyError(str(error)) from error


def answered(make: Callable[[], dict[str, Any]]) -> ActionResult:
    """moto's form of the response that ``make`` returns, or of the ``AwsError`` that it raises."""
    try:
        return ActionResult(make())
    except AwsError as error:
        raise DynamodbException(ERROR_TYPE_PREFIX + error.code, error.message) from error


def plain_times(request: dict[str, Any]) -> dict[str, Any]:
    """The request with times in seconds since the epoch: moto parses them to datetimes."""
    return {name: _plain_time(value) for name, value in request.items()}


def _plain_time(value: Any) -> Any:
    if isinstance(value, dict):
        return plain_times(value)
    return value.timestamp() if isinstance(value, datetime) else value


@dataclass(slots=True)
class Overlay:
    """Members of a table's description that moto does not have, or that a job changes."""

    id: str
    status: str = "ACTIVE"
    restore: dict[str, Any] | None = None  # RestoreSummary


def overlay(table: Table) -> Overlay:
    """The overlay of a table. Its TableId, which moto does not have, differs for each table of the same name."""
    if not hasattr(table, "overlay"):  # in the table, because moto copies tables in transactions
        table_uuid = uuid.uuid5(uuid.NAMESPACE_URL, f"{table.table_arn} {table.created_at.isoformat()}")
        table.overlay = Overlay(str(table_uuid))  # type: ignore[attr-defined] # moto's class does not have it
    result: Overlay = table.overlay  # type: ignore[attr-defined] # as above
    return result


def new_job_id(now: float) -> str:
    """The id of a job begins with the milliseconds of its start (observed on AWS)."""
    return f"0{int(now * 1000):013d}-{secrets.token_hex(4)}"


def table_id(table: Table) -> str:
    return overlay(table).id


def describe_table(table: Table, base_key: str = "TableDescription") -> dict[str, Any]:
    """moto's description with the id, status, size and restore summary of the sandbox."""
    response = _ORIGINAL_DESCRIBE(table, base_key)
    changes = overlay(table)
    response[base_key] |= {
        "TableId": changes.id,
        "TableStatus": changes.status,
        "TableSizeBytes": _size(table),
    }
    if changes.restore is not None:
        response[base_key]["RestoreSummary"] = changes.restore
    return response


def plain_item(item: Item) -> dict[str, Any]:
    """The item in DynamoDB JSON."""
    return {name: _plain(value) for name, value in item.attrs.items()}


def _size(table: Table) -> int:
    """An estimate; on AWS the size is hours old."""
    items = [item for _, item in zip(range(_SAMPLE), table.all_items(), strict=False)]
    return sum(len(json_item(plain_item(item))) for item in items) * len(table) // max(1, len(items))


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
