"""What others may write into a vault: records, manifests and data that lie, and documents that are none.

Records are forged by value, not by member: whatever the layout of a record is, the forger replaces the table, the
bucket or the export that it names. Keys come from the record that the program wrote itself.
"""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ddbbackup.catalog import derive_client_token, new_backup_id
from tests.faults.model import Scenario
from tests.faults.works import WORKS, check_backup, check_items
from tests.faults.world import ACCOUNT, World
from tests.support.aws import REGION, md5
from tests.support.aws_proxy import Request
from tests.support.everything import Everything

_STRANGER: Final = "999999999999"


# ---- forging


def _swap(document: Any, swaps: Mapping[str, str]) -> Any:
    """The same document with texts replaced, in values and in names."""
    if isinstance(document, dict):
        return {_swap(name, swaps): _swap(value, swaps) for name, value in document.items()}
    if isinstance(document, list):
        return [_swap(each, swaps) for each in document]
    if isinstance(document, str):
        for old, new in swaps.items():
            document = document.replace(old, new)
    return document


def _paths(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value of a document is, inner nodes included."""
    if path:
        yield path
    members = document.items() if isinstance(document, dict) else ()
    if isinstance(document, list):
        members = enumerate(document)  # type: ignore[assignment]
    for name, value in members:
        yield from _paths(value, (*path, name))


def _replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    node = copy
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = value
    return copy


class _Forger:
    """A vault with one good backup, and what an attacker who may write into it does."""

    def __init__(self, world: World) -> None:
        self.world = world
        WORKS["verify"].prepare(world)
        (self.key,) = world.objects("record")
        self.record = json.loads(world.aws.read(world.bucket, self.key))
        self.id = str(self.record["id"])
        self.manifest = world.objects("files")[0]
        self.root = self.manifest.rpartition("/")[0] + "/"
        self.token = str(world.exports()[0].request["ClientToken"])

    def other_id(self, *, later: bool = False) -> str:
        """An id that sorts before the good one, or after it."""
        day = "20990101T000000Z" if later else "20200101T000000Z"
        return f"{day}-{self.world.random.randrange(16**8):08x}"

    def of_run(self, run: str, **members: Any) -> dict[str, Any]:
        """The record as another run would have written it: whoever knows the table can derive ID and token."""
        record = {**self.record, "run": run, **members}
        started_at = datetime.now(UTC).replace(microsecond=0) - timedelta(
            seconds=self.world.random.randrange(600)
        )
        ids = {"plan": record["plan"], "table_arn": record["table"]["arn"], "run": run, "attempt": 1}
        token = derive_client_token(table_id=record["table"]["id"], **ids)
        record |= {
            "id": new_backup_id(started_at, **ids),
            "attempt": 1,
            "started_at": f"{started_at:%Y-%m-%dT%H:%M:%SZ}",
        }
        record["export"] = {**record["export"], "client_token": token}
        return record

    def put(self, document: Any, *, key: str | None = None, **dump: Any) -> str:
        body = document if isinstance(document, bytes) else json.dumps(document, **dump).encode()
        key = key or self.key
        self.world.aws.s3.put_object(Bucket=self.world.bucket, Key=key, Body=body)
        return key

    def put_beside(self, document: Any, new_id: str) -> str:
        """As another record of the same table."""
        return self.put(document, key=self.key.replace(self.id, new_id))

    def remove_record(self) -> None:
        self.world.aws.s3.delete_object(Bucket=self.world.bucket, Key=self.key)


def _in_progress(document: Mapping[str, Any]) -> dict[str, Any]:
    """The record of an export that was only asked for."""
    return {**document, "state": "in_progress", "completed_at": None}


def _never_started(document: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a run that was killed before it asked AWS for an export."""
    export = {**document["export"], "arn": None, "time": None, "ended_at": None, "manifest_key": None}
    return {**_in_progress(document), "export": export}


# ---- exports of somebody else's table, into somebody else's bucket


def _play_exfiltration(world: World, scenario: Scenario) -> None:
    """A record that is in progress names another table and another bucket: nothing is exported there."""
    forger = _Forger(world)
    payroll, evil = f"{world.name}-payroll", f"{world.name}-evil"
    arn = world.aws.create_table(payroll, pitr=True)
    world.aws.create_bucket(evil)
    world.put(payroll, world.make_items(5))
    swaps: dict[str, str] = {}
    if "table" in scenario.point:
        swaps |= {f"table/{world.source}": f"table/{payroll}"}
    if "bucket" in scenario.point:
        swaps |= {world.bucket: evil}
    if "prefix" in scenario.point:
        swaps |= {f"ddb/{world.source}/": "stolen/"}
    # A run id can be guessed, so the record of a run may be replaced; its token is new or as it was.
    in_place = scenario.work == "backup" or world.random.random() < 0.5
    record = forger.record if in_place else forger.of_run("forged")
    if world.random.random() < 0.5:
        swaps[record["export"]["client_token"]] = f"ddbbackup-{world.random.randrange(16**40):040x}"
    forger.put_beside(_never_started(_swap(record, swaps)), record["id"])
    if scenario.work == "wait":
        world.allow_another_export()  # of the table and into the bucket of the plan, if the record is accepted
        world.run("wait")
    else:
        run = str(forger.record.get("run", "nightly-1"))
        world.allow_another_export()
        world.run("backup", "--run-id", run)
    stolen = world.aws.keys(evil)
    exports = [each for each in world.shared.sandbox.exports.started if each.table_arn == arn]
    world.require(not stolen, "nothing reaches a bucket that the plan does not name", f"{stolen[:3]}")
    world.require(not exports, "no export of a table that the plan does not name", f"{len(exports)} exports")
    world.aws.dynamodb.delete_table(TableName=payroll)


def _play_old_data(world: World, scenario: Scenario) -> None:
    """A record that is in progress asks for the data of another day: the plan asks for the latest."""
    forger = _Forger(world)
    asked = datetime.now(UTC).replace(microsecond=0) - timedelta(days=world.random.randrange(2, 30))
    forged = _never_started(forger.of_run("forged"))
    forged["export"]["requested_time"] = f"{asked:%Y-%m-%dT%H:%M:%SZ}"
    forger.put_beside(forged, forged["id"])
    world.allow_another_export()
    world.run(*({"wait": ("wait",), "backup": ("backup", "--run-id", "forged")}[scenario.work]))
    starts = [each for each in world.proxy.requests if each.operation == "ExportTableToPointInTime"]
    old = [each for each in starts if b'"ExportTime"' in each.body]
    world.require(not old, "no export of other data than the plan asks for", f"{len(old)} requests")
    world.run("backup", "--run-id", "forged")
    check_backup(world)


def _play_other_export(world: World, scenario: Scenario) -> None:
    """A record of the table names an export of another table in the same bucket: it proves nothing."""
    forger = _Forger(world)
    payroll = f"{world.name}-payroll"
    arn = world.aws.create_table(payroll, pitr=True)
    world.put(payroll, world.make_items(7))
    begun = world.aws.call(
        "ExportTableToPointInTime",
        {"TableArn": arn, "S3Bucket": world.bucket, "S3Prefix": forger.root.partition("/AWSDynamoDB/")[0]},
    )
    other = begun["ExportDescription"]["ExportArn"]
    while (
        world.aws.call("DescribeExport", {"ExportArn": other})["ExportDescription"]["ExportStatus"]
        != "COMPLETED"
    ):
        time.sleep(0.05)
    ours = next(each.arn for each in world.exports())
    swaps = {ours: other, ours.rpartition("/")[2]: other.rpartition("/")[2]}
    forged = _swap(forger.record, swaps)
    if scenario.point == "in-progress":
        forged = _in_progress(forged)
    forger.put(forged)
    for arguments in (("wait",), ("verify",), ("status",)):
        world.run(*arguments)
    world.wanted = world.aws.items(world.source)
    restored = world.run("restore", "copy")
    if restored.code == 0:
        check_items(world)
    world.aws.dynamodb.delete_table(TableName=payroll)


def _play_false_success(world: World, scenario: Scenario) -> None:
    """A complete record that nobody made: no run and no status takes it for a backup."""
    forger = _Forger(world)
    if scenario.point == "data-gone":
        for key in world.aws.keys(world.bucket, forger.root):
            world.aws.s3.delete_object(Bucket=world.bucket, Key=key)
        verified = world.run("verify")
        world.expect_code(verified, 65)
        return
    world.write_plan(tables=[{"name": world.source, "rpo": "1h"}])
    year = "2099" if scenario.point == "dated-2099" else "2020"
    new_id = forger.other_id(later=year == "2099")
    forged = _swap(forger.record, {forger.id: new_id})
    text = re.sub(r"20\d\d-(\d\d-\d\dT)", rf"{year}-\1", json.dumps(forged))
    forger.put_beside(json.loads(text), new_id)
    forger.remove_record()
    for key in world.aws.keys(world.bucket, forger.root):
        world.aws.s3.delete_object(Bucket=world.bucket, Key=key)
    status = world.run("status")
    world.require(status.code == 4, "a forged record makes no table fresh", str(status))
    run = str(forger.record.get("run", "nightly-1"))
    world.allow_another_export()
    done = world.run("backup", "--run-id", run)
    if done.code == 0:
        check_backup(world)


def _play_moved(world: World, scenario: Scenario) -> None:
    """A good record lies where records of another table, account or region lie: it counts for none of them."""
    forger = _Forger(world)
    other = f"{world.name}-other"
    world.aws.create_table(other, pitr=True)
    world.tables.add(other)
    world.put(other, world.make_items(3))
    key = forger.key.replace(world.source, other)
    if scenario.point == "record":
        forger.put(forger.record, key=key)
    else:
        forger.put(
            _swap(forger.record, {f"table/{world.source}": f"table/{other}", world.source: other}), key=key
        )
    world.write_plan(tables=[{"name": other, "rpo": "1h"}], restore={"table": other})
    status = world.run("status")
    world.require(status.code == 4, "a forged record makes no table fresh", str(status))
    restored = world.run("restore", "copy")
    if restored.code == 0:
        world.wanted = world.aws.items(other)
        check_items(world)


# ---- grants in the settings of a record


def _play_grant(world: World, scenario: Scenario) -> None:
    """A record's settings grant a stranger access to the restored table: not unless the live source has it too."""
    world.create_bucket()
    world.create_source()
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{world.source}"
    role = f"arn:aws:iam::{ACCOUNT}:role/reader"
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "dynamodb:GetItem", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    Everything(world.aws, world.source).put_policy(arn, json.dumps(policy))
    world.write_plan(restore={"to": {"table": world.target, "settings": "all"}})
    world.expect_code(world.run("backup", "--run-id", "one"), 0)
    swaps = {
        "other-account": {role: f"arn:aws:iam::{_STRANGER}:root"},
        "anyone": {role: "*"},
        "other-account-role": {role: f"arn:aws:iam::{_STRANGER}:role/reader"},
    }[scenario.point]
    for subject in ("record", "description"):
        for key in world.objects(subject):
            document = _swap(json.loads(world.aws.read(world.bucket, key)), swaps)
            world.aws.s3.put_object(Bucket=world.bucket, Key=key, Body=json.dumps(document).encode())
    world.wanted = world.aws.items(world.source)
    done = world.run("restore", "copy")
    granted = [
        request
        for request in world.proxy.requests
        if request.operation == "PutResourcePolicy" and _grants(request, scenario.point)
    ]
    world.require(not granted, "no access is granted on the word of a record", f"{scenario.point}: {done}")
    if done.code in (0, 3):
        check_items(world)


def _grants(request: Request, point: str) -> bool:
    body = request.body.decode()
    return _STRANGER in body or (point == "anyone" and re.search(r"AWS\W+\*", body) is not None)


# ---- hostile values and documents

HOSTILE: Final[Mapping[str, Any]] = {
    "escape": "\x1b[2J\x1b]0;owned\x07\x1b[31mowned",
    "c1": "\x9b31mowned\x85",
    "lone-surrogate": "\ud800bad",
    "workflow-command": "x\n::error file=a::owned\n::add-mask::x",
    "bidi": "\u202egnp.exe\u2066",
    "nul": "a\x00b",
    "long": "A" * 100_000,
    "huge-integer": 10**400,
    "negative": -1,
    "float": 3.5,
    "boolean": True,
    "null": None,
    "list": [[[]]],
    "mapping": {"a": {"b": 1}},
    "year-9999": "9999-12-31T23:59:59-23:59",
    "year-1": "0001-01-01T00:00:00+23:59",
    "no-date": "2026-02-30T00:00:00Z",
    "parent-folder": "../../../etc/passwd",
    "empty": "",
    "other-arn": f"arn:aws:dynamodb:{REGION}:{_STRANGER}:table/other",
}
_READERS: Final = (
    ("list",),
    ("list", "--output", "json"),
    ("status",),
    ("status", "--output", "json"),
    ("status", "--output", "markdown"),
    ("verify",),
    ("verify", "--output", "github"),
    ("wait",),
    ("wait", "--output", "junit"),
    ("preview", "restore", "copy"),
    ("preview", "backup"),
)


def _play_hostile_value(world: World, scenario: Scenario) -> None:
    """Some values of a record beside the good one are hostile; then everything that reads records runs."""
    forger = _Forger(world)
    value = HOSTILE[scenario.point]
    paths = [path for path in _paths(forger.record) if path not in {("id",), ("plan",)}]
    for number in range(4):
        forged = forger.of_run(f"forged-{number}")
        forger.put_beside(_replaced(forged, world.random.choice(paths), value), forged["id"])
    _read_everything(world, forger)


BODIES: Final[Mapping[str, bytes]] = {
    "nothing": b"",
    "nested-lists": b"[" * 200_000,
    "nested-objects": b'{"a":' * 100_000,
    "byte-order-mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"id": "x"}'.encode("utf-16"),
    "not-utf-8": b'{"id": "\xff\xfe"}',
    "nan": b"NaN",
    "huge-number": b'{"record_version":' + b"1" * 5000 + b"}",
    "nine-megabytes": b" " * (9 << 20),
    "repeated-names": b'{"id":1,"id":2}',
    "html": b"<html>busy</html>",
    "null": b"null",
    "string": b'"record"',
}


def _play_body(world: World, scenario: Scenario) -> None:
    """An object among the records is no record at all."""
    forger = _Forger(world)
    forger.put_beside(BODIES[scenario.point], forger.other_id(later=world.random.random() < 0.5))
    _read_everything(world, forger)


def _read_everything(world: World, forger: _Forger) -> None:
    """Three readers of the seed's choice, and a restore: the good backup counts as before."""
    for arguments in world.random.sample(_READERS, 3):
        done = world.run(*arguments)
        if arguments[0] == "list":
            world.require(forger.id in done.out, "one bad record stops nothing else", str(done))
    world.wanted = world.aws.items(world.source)
    restored = world.run("restore", "copy", "--from", forger.id)
    world.expect_code(restored, 0)
    if restored.code == 0:
        check_items(world)


# ---- manifests and data

_Damage = Callable[[list[dict[str, Any]], World], list[dict[str, Any]]]


def _count(by: int) -> _Damage:
    def damage(entries: list[dict[str, Any]], world: World) -> list[dict[str, Any]]:
        chosen = max(entries, key=lambda each: int(each["itemCount"]))
        return [{**each, "itemCount": each["itemCount"] + by} if each is chosen else each for each in entries]

    return damage


def _biggest(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return max(entries, key=lambda each: int(each["itemCount"]))


def _another_prefix(entries: list[dict[str, Any]], world: World) -> list[dict[str, Any]]:
    """The same object under two keys that the program maps to one place, in place of another file."""
    again = _biggest(entries)
    twin = {
        **again,
        "dataFileS3Key": "elsewhere/AWSDynamoDB/1/data/" + again["dataFileS3Key"].rpartition("/")[2],
    }
    others = [each for each in entries if each is not again]
    same = [each for each in others if each["itemCount"] == again["itemCount"]]
    return [again, twin, *(each for each in others if not same or each is not same[0])]


MANIFESTS: Final[Mapping[str, _Damage]] = {
    "count-too-low": _count(-1),
    "count-too-high": _count(1),
    "count-negative": _count(-(10**6)),
    "entry-missing": lambda entries, world: [each for each in entries if each is not _biggest(entries)],
    "entry-twice": lambda entries, world: [*entries, _biggest(entries)],
    "another-prefix": _another_prefix,
    "parent-folder": lambda entries, world: [
        {**each, "dataFileS3Key": f"../../{each['dataFileS3Key']}"} for each in entries
    ],
    "other-folder": lambda entries, world: [
        {**each, "dataFileS3Key": each["dataFileS3Key"].replace("/data/", "/other/")} for each in entries
    ],
    "no-md5": lambda entries, world: [
        {name: value for name, value in each.items() if name != "md5Checksum"} for each in entries
    ],
    "control-characters": lambda entries, world: [
        {**each, "dataFileS3Key": each["dataFileS3Key"] + "\x1b[31m\u202e"} for each in entries
    ],
    "huge-count": lambda entries, world: [{**each, "itemCount": 10**400} for each in entries],
    "text-count": lambda entries, world: [{**each, "itemCount": "many"} for each in entries],
    "nothing": lambda entries, world: [],
}


def _play_manifest(world: World, scenario: Scenario) -> None:
    """The list of data files lies, with a hash that fits."""
    forger = _Forger(world)
    entries = [json.loads(line) for line in world.aws.read(world.bucket, forger.manifest).splitlines()]
    changed = MANIFESTS[scenario.point](entries, world)
    body = b"".join(json.dumps(entry).encode() + b"\n" for entry in changed)
    _put_manifest(world, forger, body)
    _check_damage(world, scenario)


def _put_manifest(world: World, forger: _Forger, body: bytes) -> None:
    md5_key = forger.manifest.removesuffix(".json") + ".md5"
    world.aws.s3.put_object(Bucket=world.bucket, Key=forger.manifest, Body=body)
    world.aws.s3.put_object(Bucket=world.bucket, Key=md5_key, Body=md5(body).encode())


def _play_manifest_body(world: World, scenario: Scenario) -> None:
    """The list of data files is no list: of any size, and memory stays bounded."""
    forger = _Forger(world)
    body = {
        "newlines": b"\n" * (60 << 20),
        "one-long-line": b'{"itemCount": 1, "x": "' + b"a" * (30 << 20),
        "nested": b"[" * 200_000,
        "html": b"<html></html>",
        "not-utf-8": b'{"itemCount": 1, "md5Checksum": "\xff"}\n',
    }[scenario.point]
    _put_manifest(world, forger, body)
    _check_damage(world, scenario)


def _flip(body: bytes, world: World) -> bytes:
    changed = bytearray(body)
    changed[world.random.randrange(len(changed))] ^= 1 << world.random.randrange(8)
    return bytes(changed)


def _members(*bodies: bytes) -> bytes:
    return b"".join(gzip.compress(body, mtime=0) for body in bodies)


DATA: Final[Mapping[str, Callable[[bytes, World], bytes]]] = {
    "flipped-bit": _flip,
    "cut": lambda body, world: body[: world.random.randrange(1, len(body))],
    "empty": lambda body, world: b"",
    "plain-text": lambda body, world: gzip.decompress(body),
    "other-items": lambda body, world: _members(b'{"Item":{"id":{"S":"planted"}}}\n'),
    "second-member": lambda body, world: body + _members(b'{"Item":{"id":{"S":"planted"}}}\n'),
    "rubbish-behind": lambda body, world: body + b"rubbish",
    "bomb": lambda body, world: _members(b"\n" * (200 << 20)),
    "long-line": lambda body, world: _members(b'{"Item":{"id":{"S":"' + b"a" * (100 << 20)),
}


def _play_data(world: World, scenario: Scenario) -> None:
    """A data file is not what its manifest says."""
    _Forger(world)
    keys = [key for key in world.objects("data") if gzip.decompress(world.aws.read(world.bucket, key))]
    key = world.random.choice(keys)
    body = DATA[scenario.point](world.aws.read(world.bucket, key), world)
    world.aws.s3.put_object(Bucket=world.bucket, Key=key, Body=body)
    _check_damage(world, scenario)


def _check_damage(world: World, scenario: Scenario) -> None:
    """`verify` or a restore says so; nobody takes it for a whole backup."""
    world.wanted = world.aws.items(world.source)
    if scenario.work == "verify":
        # A manifest of another place is rebased; everything else is damage, or a form that AWS does not write.
        world.expect_code(world.run("verify"), *((0,) if scenario.point == "parent-folder" else (65, 1)))
        return
    world.write_plan(restore={"method": scenario.work})
    if scenario.work == "bulk-put":
        world.aws.create_table(world.target)
    done = world.run("restore", "copy")
    world.expect_code(done, 65, 1, *((0,) if scenario.point == "parent-folder" else ()))
    if done.code == 0:
        check_items(world)


_HOW_READ: Final = ("verify", "write")
SCENARIOS: Final = (
    *(
        Scenario("forged-record", verb, f"other-{what}", _play_exfiltration)
        for verb in ("wait", "backup")
        for what in ("table", "bucket", "prefix", "table-bucket-prefix")
    ),
    *(Scenario("forged-record", verb, "old-data", _play_old_data) for verb in ("wait", "backup")),
    *(
        Scenario("forged-record", "restore", f"other-export-{point}", _play_other_export)
        for point in ("complete", "in-progress")
    ),
    *(
        Scenario("forged-success", "status", point, _play_false_success)
        for point in ("dated-2099", "dated-2020", "data-gone")
    ),
    *(Scenario("moved-record", "status", point, _play_moved) for point in ("record", "rewritten-record")),
    *(
        Scenario("forged-grant", "restore", point, _play_grant)
        for point in ("other-account", "anyone", "other-account-role")
    ),
    *(Scenario("hostile-value", "records", point, _play_hostile_value) for point in HOSTILE),
    *(Scenario("no-record", "records", point, _play_body) for point in BODIES),
    *(Scenario("forged-manifest", work, point, _play_manifest) for work in _HOW_READ for point in MANIFESTS),
    *(
        Scenario("no-manifest", work, point, _play_manifest_body)
        for work in _HOW_READ
        for point in ("newlines", "one-long-line", "nested", "html", "not-utf-8")
    ),
    *(Scenario("damaged-data", work, point, _play_data) for work in _HOW_READ for point in DATA),
    *(
        Scenario("damaged-data", work, point, _play_data)
        for work in ("import", "bulk-put")
        for point in ("cut", "other-items")
    ),
)
