"""Exports for benchmarks: many items of one size, as AWS lays them out, the same on every machine."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

BUCKET = "bench-bucket"
EXPORT = "01700000000000-0badcafe"


@dataclass(frozen=True)
class Data:
    """An export below ``directory``/BUCKET, and what it holds."""

    directory: Path
    items: int
    lines_bytes: int
    compressed_bytes: int

    @property
    def uri(self) -> str:
        return f"s3://{BUCKET}/AWSDynamoDB/{EXPORT}/"

    @property
    def files(self) -> list[Path]:
        return sorted((self.directory / BUCKET / "AWSDynamoDB" / EXPORT / "data").glob("*.gz"))


def build(directory: Path, *, items: int, item_bytes: int, files: int) -> Data:
    """Writes it unless it is there. Lines have about ``item_bytes`` and compress as real ones do (some 2.5 times)."""
    root = directory / BUCKET / "AWSDynamoDB" / EXPORT
    facts = directory / "facts.json"
    if facts.exists():
        return Data(directory, **json.loads(facts.read_text()))
    (root / "data").mkdir(parents=True)
    chance = random.Random(items * item_bytes)
    entries, lines_bytes, compressed = [], 0, 0
    for number in range(files):
        count = items // files + (number < items % files)
        lines = b"".join(_line(chance, f"{number:04d}-{n:08d}", item_bytes) for n in range(count))
        body = gzip.compress(lines, 6, mtime=0)
        key = f"AWSDynamoDB/{EXPORT}/data/{number:026d}.json.gz"
        (directory / BUCKET / key).write_bytes(body)
        entries.append({"itemCount": count, "md5Checksum": _md5(body), "dataFileS3Key": key})
        lines_bytes += len(lines)
        compressed += len(body)
    manifest = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
    summary = json.dumps(
        {
            "version": "2020-06-30",
            "exportArn": f"arn:aws:dynamodb:us-east-1:000000000000:table/bench/export/{EXPORT}",
            "tableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/bench",
            "tableId": "00000000-0000-0000-0000-000000000001",
            "s3Bucket": BUCKET,
            "s3Prefix": None,
            "manifestFilesS3Key": f"AWSDynamoDB/{EXPORT}/manifest-files.json",
            "itemCount": items,
            "outputFormat": "DYNAMODB_JSON",
        }
    ).encode()
    for which, content in (("files", manifest), ("summary", summary)):
        (root / f"manifest-{which}.json").write_bytes(content)
        (root / f"manifest-{which}.md5").write_text(_md5(content))
    facts.write_text(json.dumps({"items": items, "lines_bytes": lines_bytes, "compressed_bytes": compressed}))
    return Data(directory, items, lines_bytes, compressed)


def _line(chance: random.Random, key: str, item_bytes: int) -> bytes:
    head = (
        f'{{"Item":{{"id":{{"S":"{key}"}},"price":{{"N":"{chance.randrange(10**6)}.99"}},"paid":{{"BOOL":true}},'
        f'"created":{{"S":"2026-11-{chance.randrange(1, 29):02d}T10:00:00Z"}},"photo":{{"B":"'
    ).encode()
    tail = b'"},"note":{"NULL":true},"tags":{"SS":["gift","new"]}}}\n'
    raw = max(8, (item_bytes - len(head) - len(tail)) * 3 // 4)
    # A third is random, the rest repeats itself, as pictures of data do.
    third = chance.randbytes(raw // 3)
    return head + base64.b64encode((third * 4)[:raw]) + tail


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()
