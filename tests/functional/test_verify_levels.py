"""``verify`` at its three levels: what each finds, what it records, and what `list` and `status` show of it."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest

from ddbbackup.model.checksums import md5_base64
from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program

SECRET = "s3cr3t"
ITEMS: list[dict[str, Any]] = [{"id": {"S": f"{SECRET}{number}"}, "n": {"N": "1"}} for number in range(30)]


class Backup:
    """One backup of one table in the sandbox."""

    def __init__(self, aws: Aws, bucket: str, name: str, program: Program, **entry: Any) -> None:
        self.aws, self.bucket, self.name, self.program = aws, bucket, name, program
        aws.create_table(name, pitr=True)
        aws.put(name, *ITEMS)
        program.plan(plan(aws, bucket, tables=[{"name": name, **entry}]))
        assert program.run("backup").code == 0

    def keys(self, ending: str) -> list[str]:
        listed = self.aws.s3.list_objects_v2(Bucket=self.bucket)["Contents"]
        return [each["Key"] for each in listed if each["Key"].endswith(ending)]

    @property
    def data(self) -> list[str]:
        """Data files with several items."""
        return [key for key in self.keys(".json.gz") if self.body(key).count(b"\n") > 1]

    def body(self, key: str) -> bytes:
        return gzip.decompress(self.aws.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def verified(self) -> Any:
        """What the record says, which is also what `list` shows, and `status` of a backup that can be restored."""
        (key,) = self.aws.record_keys(self.bucket, self.name)
        recorded = json.loads(self.aws.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())["verified"]
        listed = json.loads(self.program.run("list", "--output", "json").out)["backups"][0]["verified"]
        row = json.loads(self.program.run("status", "--output", "json").out)["tables"][0]
        if listed is not None and listed["result"] == "damaged":
            assert row["backup"] is None
            assert "found damaged by `verify --level" in row["not_restorable"][0]["reason"]
            assert row["not_restorable"][0]["damaged"]
            (cells,) = (line.split() for line in self.program.run("status").out.splitlines()[1:2])
            assert (cells[1], cells[8]) == ("unrestorable", "failed")
            assert self.program.run("list").out.splitlines()[1].split()[3:5] == ["not_restorable", "failed"]
        else:
            assert row["verified"] == listed
        assert (listed["level"], listed["result"]) == (recorded["level"], recorded["result"])
        return recorded

    def rewrite(self, change: Any) -> None:
        """Changes the lines of a data file, and the documents around it so that hashes, sizes and counts match."""
        key = self.data[0]
        old = self.aws.s3.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        body = gzip.compress(change(self.body(key)))
        self.aws.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        (manifest,) = self.keys("manifest-files.json")
        text = self.aws.s3.get_object(Bucket=self.bucket, Key=manifest)["Body"].read().decode()
        entries = [json.loads(line) for line in text.splitlines() if line]
        for entry in entries:
            if entry["dataFileS3Key"] == key:
                entry["md5Checksum"] = md5_base64(body)
                entry.pop("etag", None)
        written = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
        self.aws.s3.put_object(Bucket=self.bucket, Key=manifest, Body=written)
        md5_key = manifest.removesuffix(".json") + ".md5"
        self.aws.s3.put_object(Bucket=self.bucket, Key=md5_key, Body=md5_base64(written).encode())
        (record,) = self.aws.record_keys(self.bucket, self.name)
        document = json.loads(self.aws.s3.get_object(Bucket=self.bucket, Key=record)["Body"].read())
        document["data"]["size_bytes"] += len(body) - old
        self.aws.s3.put_object(Bucket=self.bucket, Key=record, Body=json.dumps(document).encode())


@pytest.mark.parametrize("level", ["listing", "checksums", "items"])
def test_a_whole_backup_is_proven_at_every_level(
    sandbox: Aws, bucket: str, name: str, program: Program, level: str
) -> None:
    """And the result is recorded, unless more was proven before."""
    backup = Backup(sandbox, bucket, name, program)
    assert backup.verified()["level"] == "checksums", "of the backup itself"
    done = program.run("verify", "--level", level, "--output", "json")
    assert done.code == 0, done.err
    assert done.facts["level"] == level
    recorded = backup.verified()
    strongest = "items" if level == "items" else "checksums"
    assert (recorded["level"], recorded["result"], recorded["notes"]) == (strongest, "ok", [])
    assert SECRET not in json.dumps(recorded) + done.out + done.err


@pytest.mark.parametrize("level", ["listing", "items"])
def test_the_plan_says_how_new_backups_are_verified(
    sandbox: Aws, bucket: str, name: str, program: Program, level: str
) -> None:
    """Instead of by checksums."""
    backup = Backup(sandbox, bucket, name, program, verify=level)
    assert backup.verified()["level"] == level


@pytest.mark.parametrize("level", ["listing", "checksums", "items"])
def test_a_deleted_or_changed_object_is_found_at_every_level(
    sandbox: Aws, bucket: str, name: str, program: Program, level: str
) -> None:
    """A listing shows another ETag, and the file behind it is read; the damage is recorded."""
    backup = Backup(sandbox, bucket, name, program)
    key = backup.data[0]
    body = bytearray(sandbox.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    body[-5] ^= 1
    sandbox.s3.put_object(Bucket=bucket, Key=key, Body=bytes(body))
    changed = program.run("verify", "--level", level)
    assert changed.code == 65, changed.err
    recorded = backup.verified()
    assert (recorded["level"], recorded["result"]) == (level, "damaged")
    sandbox.s3.delete_object(Bucket=bucket, Key=key)
    missing = program.run("verify", "--level", level)
    assert missing.code == 65
    assert "1 of 4 data files is missing" in missing.err + missing.out
    assert SECRET not in changed.err + changed.out + missing.err + missing.out + json.dumps(backup.verified())


def test_only_the_items_show_what_every_checksum_hides(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Somebody who can write the whole folder can make all hashes match."""
    backup = Backup(sandbox, bucket, name, program)

    def change(lines: bytes) -> bytes:
        return lines.replace(b'"N":"1"', b'"N":"s3cr3t"', 1)

    backup.rewrite(change)
    assert program.run("verify", "--level", "checksums").code == 0
    done = program.run("verify", "--level", "items")
    assert done.code == 65
    assert "is not a valid item of the table: 1 × a number is not a decimal number" in done.err + done.out
    assert SECRET not in done.err + done.out
    for options in (("--level", "checksums"), ("--level", "items", "--sample", "5%")):
        less = program.run("verify", *options, "--output", "json")
        if less.code == 0:
            assert any("stays recorded as damaged" in note for note in less.facts["notes"])
        assert (backup.verified()["level"], backup.verified()["result"]) == ("items", "damaged")
    key = backup.data[0]
    body = sandbox.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    sandbox.s3.delete_object(Bucket=bucket, Key=key)
    assert program.run("verify", "--level", "listing").code == 65
    sandbox.s3.put_object(Bucket=bucket, Key=key, Body=body)
    assert program.run("verify", "--level", "listing").code == 0
    assert (backup.verified()["level"], backup.verified()["result"]) == ("items", "damaged")
    backup.rewrite(lambda lines: lines.replace(b'"N":"s3cr3t"', b'"N":"1"', 1))
    assert program.run("verify", "--level", "items").code == 0
    assert (backup.verified()["level"], backup.verified()["result"]) == ("items", "ok")


def test_a_key_that_is_there_twice_is_found(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """A restore would lose an item, and its counts would still close."""
    backup = Backup(sandbox, bucket, name, program)

    def change(lines: bytes) -> bytes:
        first, second, *rest = lines.splitlines(keepends=True)
        return b"".join((first, first, *rest)) if second else lines

    backup.rewrite(change)
    done = program.run("verify", "--level", "items")
    assert done.code == 65
    assert "1 key is in the backup more than once" in done.err + done.out
    assert SECRET not in done.err + done.out


def test_a_sample_proves_what_it_says(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """All objects are listed, some are read: the record does not claim more, and `list` names the sample."""
    backup = Backup(sandbox, bucket, name, program, verify="listing")
    done = program.run("verify", "--level", "items", "--sample", "5%")
    assert done.code == 0, done.err
    assert "\n  level items, of a sample of 5 %\n" in done.out
    recorded = backup.verified()
    assert (recorded["level"], recorded["result"]) == ("listing", "ok")
    assert any("(5%), chosen by the backup ID" in note for note in recorded["notes"])
    assert recorded["sample"] == {"level": "items", "percent": 5}
    assert " items:5%@20" in program.run("list").out
    assert program.run("verify", "--level", "checksums").code == 0
    assert program.run("verify", "--level", "items", "--sample", "5%").code == 0
    assert backup.verified()["level"] == "checksums"
    assert program.run("verify", "--sample", "0").code == 64


def test_the_newest_backups_are_verified_first(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """As many of them as are asked for."""
    Backup(sandbox, bucket, name, program)
    for number in range(2):
        assert program.run("backup", "--run-id", f"again-{number}").code == 0
    every = [each["backup"] for each in json.loads(program.run("list", "--output", "json").out)["backups"]]
    done = program.run("verify", "--newest", "2", "--level", "listing", "--output", "json")
    found = [each["facts"]["backup"] for each in done.report["outcomes"]]
    assert sorted(found, reverse=True) == sorted(every, reverse=True)[:2]
    assert program.run("verify", "--newest", "2", "--all").code == 64


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_preview_says_how_long_each_level_would_take(
    sandbox: Aws, bucket: str, name: str, program: Program, form: str
) -> None:
    """Estimated from the last backup, and with the level of the plan; nothing before there is one."""
    Backup(sandbox, bucket, name, program, verify="items")
    shown = program.run("preview", "--output", form).out
    (line,) = [each for each in shown.splitlines() if each.startswith("Verification of these backups")]
    assert re.search(
        r"listing ≈ [0-9.]+s, checksums ≈ [0-9.]+s, items ≈ [0-9.]+s \(in the plan for 1 table\)", line
    )
    assert "verify seconds" not in shown
    seconds = json.loads(program.run("preview", "--output", "json").out)["backups"][0]["facts"][
        "verify_seconds"
    ]
    assert list(seconds) == ["listing", "checksums", "items"]
    sandbox.create_table(f"{name}-2", pitr=True)
    tables = [{"name": name}, {"name": f"{name}-2"}]
    program.plan(plan(sandbox, bucket, tables=tables))
    assert "1 table not counted, without a backup so far" in program.run("preview", "--output", form).out
    program.plan(plan(sandbox, bucket, tables=tables[1:]))
    assert "Verification of" not in program.run("preview", "--output", form).out
