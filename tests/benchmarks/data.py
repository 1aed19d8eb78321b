"""Exports for benchmarks: items of one size, as AWS lays them out, the same on every machine.

Items are made once and kept in a pool of data files; an export is a manifest and links into the pool. An export may
name a file several times under different keys, so that twenty gigabytes need no twenty gigabytes of disk.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

BUCKET = "bench-bucket"
EXPORT = "01700000000000-0badcafe"
MADE_BY = 2  # raise it when items change, so that pools are made anew


@dataclass(frozen=True)
class PoolFile:
    """``digest`` is the sum of the first eight bytes of the MD5 of every item, as the sink computes it."""

    path: str
    items: int
    md5: str
    lines_bytes: int
    size_bytes: int
    digest: int


@dataclass(frozen=True)
class Pool:
    """Data files below ``root``/BUCKET; item number n is the same in every pool of the same item size."""

    root: Path
    item_bytes: int
    files: tuple[PoolFile, ...]


@dataclass(frozen=True)
class Export:
    """An export below ``root``/BUCKET/``name``."""

    root: Path
    name: str
    files: tuple[PoolFile, ...]
    keys: tuple[str, ...]

    @property
    def uri(self) -> str:
        return f"s3://{BUCKET}/{self.name}/AWSDynamoDB/{EXPORT}/"

    @property
    def items(self) -> int:
        return sum(file.items for file in self.files)

    @property
    def lines_bytes(self) -> int:
        return sum(file.lines_bytes for file in self.files)

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def digest(self) -> str:
        """What the sink's memory must say if every item arrived once, unchanged (no file twice)."""
        return f"{sum(file.digest for file in self.files) % 2**64:016x}"


def pool(root: Path, *, item_bytes: int, files: int, items_a_file: int) -> Pool:
    """Makes the files unless they are there."""
    folder = root / BUCKET / f"pool-{item_bytes}-{files}x{items_a_file}-{MADE_BY}"
    facts = folder / "facts.json"
    if not facts.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor() as workers:
            made = list(
                workers.map(
                    _make,
                    [folder / f"{number:03d}.json.gz" for number in range(files)],
                    [number * items_a_file for number in range(files)],
                    [items_a_file] * files,
                    [item_bytes] * files,
                )
            )
        facts.write_text(json.dumps([asdict(file) for file in made]))
    return Pool(root, item_bytes, tuple(PoolFile(**each) for each in json.loads(facts.read_text())))


def export(source: Pool, name: str, numbers: Sequence[int]) -> Export:
    """Files of a pool as an export; a number that comes twice is the same file under two keys."""
    base = f"{name}/AWSDynamoDB/{EXPORT}"
    folder = source.root / BUCKET / base
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for old in (folder / "data").iterdir():
        old.unlink()
    files = tuple(source.files[number] for number in numbers)
    keys = tuple(f"{base}/data/{place:026d}.json.gz" for place in range(len(files)))
    for key, file in zip(keys, files, strict=True):
        (source.root / BUCKET / key).symlink_to(Path(file.path).resolve())
    entries = [
        {"itemCount": file.items, "md5Checksum": file.md5, "dataFileS3Key": key}
        for key, file in zip(keys, files, strict=True)
    ]
    made = Export(source.root, name, files, keys)
    _manifests(folder, base, entries, made.items)
    return made


def dump(source: Export, directory: Path) -> None:
    """The same items as dynamodump's own files, below ``directory``/bench."""
    data = directory / "bench" / "data"
    data.mkdir(parents=True, exist_ok=True)
    schema = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "ProvisionedThroughput": {"ReadCapacityUnits": 25, "WriteCapacityUnits": 25},
    }
    (directory / "bench" / "schema.json").write_text(json.dumps({"Table": schema}))
    for place, file in enumerate(source.files):
        lines = gzip.decompress(Path(file.path).read_bytes()).splitlines()
        items = b",".join(line[len(b'{"Item":') : -1] for line in lines)
        (data / f"{place:04d}.json").write_bytes(b'{"Items":[' + items + b"]}")


def _make(path: Path, first: int, count: int, item_bytes: int) -> PoolFile:
    return made_file(path, [item_line(number, item_bytes) for number in range(first, first + count)])


def made_file(path: Path, lines: Sequence[bytes]) -> PoolFile:
    body = gzip.compress(b"\n".join(lines) + b"\n", 6, mtime=0)
    path.write_bytes(body)
    digest = sum(
        int.from_bytes(hashlib.md5(line[len(b'{"Item":') : -1]).digest()[:8], "little") for line in lines
    )
    lines_bytes = sum(map(len, lines)) + len(lines)
    return PoolFile(str(path), len(lines), _md5(body), lines_bytes, len(body), digest)


def item_line(number: int, item_bytes: int) -> bytes:
    """About ``item_bytes``. A third of the binary is random, the rest repeats it: gzip halves such lines."""
    key = f"{number:012d}"
    chance = hashlib.shake_128(key.encode()).digest(8 + item_bytes // 3)
    price, day = int.from_bytes(chance[:4], "big") % 10**6, chance[4] % 28 + 1
    head = (
        f'{{"Item":{{"id":{{"S":"{key}"}},"price":{{"N":"{price}.99"}},"paid":{{"BOOL":true}},'
        f'"created":{{"S":"2026-11-{day:02d}T10:00:00Z"}},"photo":{{"B":"'
    ).encode()
    tail = b'"},"note":{"NULL":true},"tags":{"SS":["gift","new"]}}}'
    raw = max(8, (item_bytes - len(head) - len(tail)) * 3 // 4)
    return head + base64.b64encode((chance[8 : 8 + raw // 3] * 4)[:raw]) + tail


def _manifests(folder: Path, base: str, entries: Sequence[dict[str, object]], items: int) -> None:
    files = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
    table = "arn:aws:dynamodb:us-east-1:000000000000:table/bench"
    summary = {
        "version": "2020-06-30",
        "exportArn": f"{table}/export/{EXPORT}",
        "tableArn": table,
        "tableId": "00000000-0000-0000-0000-000000000001",
        "s3Bucket": BUCKET,
        "s3Prefix": base.partition("/")[0],
        "manifestFilesS3Key": f"{base}/manifest-files.json",
        "itemCount": items,
        "outputFormat": "DYNAMODB_JSON",
    }
    for which, content in (("files", files), ("summary", json.dumps(summary).encode())):
        (folder / f"manifest-{which}.json").write_bytes(content)
        (folder / f"manifest-{which}.md5").write_text(_md5(content))


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()
