"""Restores of data that ddbbackup did not back up: folders of other tools, and exports in Ion."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from ddbbackup.model.checksums import md5_base64
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.aws import Aws, in_order
from tests.support.plans import plan
from tests.support.program import Program
from tests.support.taken_exports import pass_seconds, take_export, take_window

ITEMS: list[dict[str, Any]] = [
    {
        "id": {"S": f"k{number:02}"},
        "n": {"N": "12345678901234567890123456789012345678"},
        "b": {"B": "aGVsbG8="},
    }
    for number in range(40)
]


def write_plan(aws: Aws, bucket: str, target: str, uri: str, **more: Any) -> str:
    restore = {"table": "gone", "from": {"s3_uri": uri}, "to": {"table": target}, **more}
    return plan(aws, bucket, tables=[{"name": "gone"}], restores={"back": restore})


@pytest.fixture
def folder(sandbox: Aws, bucket: str) -> str:
    """Three files, compressed in different ways, and something else."""
    lines = [json.dumps(item).encode() + b"\n" for item in ITEMS]
    exported = [b'{"Item":' + line[:-1] + b"}\n" for line in lines]
    for name, body in {
        "a.json": b"".join(lines[:10]),
        "more/b.json.gz": gzip.compress(b"".join(exported[10:30])),
        "more/c.json.zst": zstandard.compress(b"".join(lines[30:])),
        "README.txt": b"made by hand",
    }.items():
        sandbox.s3.put_object(Bucket=bucket, Key=f"dump/{name}", Body=body)
    return f"s3://{bucket}/dump"


def test_a_folder_without_manifests_is_restored(
    sandbox: Aws, bucket: str, name: str, folder: str, program: Program
) -> None:
    """Every item, and the report says that nothing vouches for completeness."""
    sandbox.create_table(name)
    program.plan(write_plan(sandbox, bucket, name, folder))
    result = program.run("restore", "back", "--output", "json")
    assert result.code == 0, result.err
    assert in_order(sandbox.items(name)) == ITEMS
    (outcome,) = result.report["outcomes"]
    assert outcome["facts"]["written"] == 40
    notes = " ".join(outcome["facts"]["notes"])
    assert "no manifest says" in notes
    assert "not read: 1 other object" in notes


def test_a_folder_without_manifests_is_previewed(
    sandbox: Aws, bucket: str, name: str, folder: str, program: Program
) -> None:
    """With the method that can read it: AWS's own jobs cannot."""
    sandbox.create_table(name)
    program.plan(write_plan(sandbox, bucket, name, folder, method="bulk-put"))
    result = program.run("preview", "restore", "back")
    assert "which imports and bulk puts read" in result.out + result.err
    program.plan(write_plan(sandbox, bucket, name, folder))
    assert program.run("preview", "restore", "back").code == 0
    assert sandbox.items(name) == []


def test_an_export_in_ion_is_restored(
    sandbox: Aws, bucket: str, name: str, program: Program, tmp_path: Path
) -> None:
    """Numbers with all digits, and binary values."""
    root = "other/AWSDynamoDB/01795400000000-0badcafe/"
    number = ITEMS[0]["n"]["N"]
    lines = "".join(
        f'$ion_1_0 {{Item:{{id:"{item["id"]["S"]}",n:{number}.,b:{{{{aGVsbG8=}}}}}}}}\n' for item in ITEMS
    )
    body = gzip.compress(lines.encode())
    key = f"{root}data/a.ion.gz"
    arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{name}"
    documents = {
        "manifest-files": {"itemCount": 40, "md5Checksum": md5_base64(body), "dataFileS3Key": key},
        "manifest-summary": {
            "exportArn": f"{arn}/export/01795400000000-0badcafe",
            "tableArn": arn,
            "itemCount": 40,
            "outputFormat": "ION",
        },
    }
    sandbox.s3.put_object(Bucket=bucket, Key=key, Body=body)
    for document, content in documents.items():
        text = json.dumps(content).encode()
        sandbox.s3.put_object(Bucket=bucket, Key=f"{root}{document}.json", Body=text)
        sandbox.s3.put_object(Bucket=bucket, Key=f"{root}{document}.md5", Body=md5_base64(text).encode())
    sandbox.create_table(name)
    program.plan(write_plan(sandbox, bucket, name, f"s3://{bucket}/{root}"))
    result = program.run("restore", "back", "--output", "json")
    assert result.code == 0, result.err
    assert in_order(sandbox.items(name)) == ITEMS


@pytest.fixture
def chain(sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock) -> list[str]:
    """The URIs of a full export and two windows of the table, which is deleted afterwards."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    clock.advance(2)
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "method": "incremental"}]))
    for item in ({"id": {"S": "k03"}, "v": {"S": "changed"}}, {"id": {"S": "new"}}, ITEMS[0]):
        assert program.run("backup").code == 0
        sandbox.put(name, item)
        clock.advance(3600)
    return [
        f"s3://{bucket}/ddb/{name}/AWSDynamoDB/{record['export']['arn'].rpartition('/')[2]}/"
        for record in (json.loads(sandbox.read(bucket, key)) for key in sandbox.record_keys(bucket, name))
    ]


def chain_plan(aws: Aws, bucket: str, name: str, uris: list[str]) -> str:
    restore = {"table": name, "from": {"s3_uris": uris}, "to": {"table": f"{name}-2"}}
    return plan(aws, bucket, tables=[{"name": "any"}], restores={"back": restore})


def test_a_chain_without_records_is_restored(
    sandbox: Aws, bucket: str, name: str, chain: list[str], program: Program
) -> None:
    """From the folders that the plan names, in their order."""
    sandbox.create_table(f"{name}-2")
    program.plan(chain_plan(sandbox, bucket, name, chain))
    assert program.run("preview", "restore", "back").code == 0
    done = program.run("restore", "back", "--output", "json")
    assert done.code == 0, done.err
    assert sandbox.items(f"{name}-2") == sandbox.items(name)
    assert done.facts["written"] == 41
    printed = program.run("doctor", "--iam", "restore")
    assert printed.code == 0, printed.err
    assert f"ddb/{name}/AWSDynamoDB/data/*" in printed.out


def test_a_chain_in_ion_is_restored(
    sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock
) -> None:
    """An export and two windows that somebody else took: puts, updates and deletes."""
    sandbox.create_table(name, pitr=True, range_key="sort")
    items = [{**item, "sort": {"S": f"é{number}"}} for number, item in enumerate(ITEMS)]
    sandbox.put(name, *items)
    start = pass_seconds(clock, 2)
    taken = [take_export(sandbox, name, bucket, ExportFormat="ION")]
    for _ in range(2):
        sandbox.put(
            name, {**items[3], "v": {"M": {"a": {"NS": ["1.5"]}}}}, {**items[0], "id": {"S": str(start)}}
        )
        gone = items.pop()
        sandbox.dynamodb.delete_item(TableName=name, Key={each: gone[each] for each in ("id", "sort")})
        end = pass_seconds(clock, 3600)
        taken.append(take_window(sandbox, name, bucket, start, end, ExportFormat="ION"))
        start = end
    expected = in_order(sandbox.items(name))
    uris = [f"s3://{bucket}/AWSDynamoDB/{each.summary['exportArn'].rpartition('/')[2]}/" for each in taken]
    sandbox.create_table(f"{name}-2", range_key="sort")
    program.plan(chain_plan(sandbox, bucket, name, uris))
    preview = program.run("preview", "restore", "back")
    assert preview.code == 0, preview.out
    done = program.run("restore", "back", "--output", "json")
    assert done.code == 0, done.err
    assert in_order(sandbox.items(f"{name}-2")) == expected
    assert (done.facts["written"], done.facts["superseded"]) == (40, 4)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ([1, 2], "the first export of a chain has to be a full one"),
        ([0, 2], "but the export before it ends at"),
        ([0, 2, 1], "but the export before it ends at"),
        ([0, 0], "is not an incremental export"),
        ([0, 1, 1], "but the export before it ends at"),
    ],
)
def test_folders_that_are_no_chain_are_refused(
    sandbox: Aws, bucket: str, name: str, chain: list[str], program: Program, order: list[int], words: str
) -> None:
    """By the preview and by the run, in the same words: changes would be missing."""
    sandbox.create_table(f"{name}-2")
    program.plan(chain_plan(sandbox, bucket, name, [chain[number] for number in order]))
    for done in (program.run("preview", "restore", "back"), program.run("restore", "back")):
        assert done.code == 1, done.out
        assert words in done.out + done.err


def test_the_policy_for_a_folder_without_manifests_is_printed(
    sandbox: Aws, bucket: str, name: str, folder: str, program: Program
) -> None:
    program.plan(write_plan(sandbox, bucket, name, folder))
    printed = program.run("doctor", "--iam", "restore")
    assert printed.code == 0, printed.err
    assert "dump/*" in printed.out
