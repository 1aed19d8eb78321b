"""An export that DynamoDB wrote, copied without its md5 files, is restored into independent servers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import servers
from tests.support.aws import KEY, SECRET, Aws, in_order, line
from tests.support.plans import plan
from tests.support.program import Program

EXPORT = Path(__file__).parents[1] / "fixtures" / "full-export" / "dynamodb-export"
FOLDER = "AWSDynamoDB/01715685260608-c488b4e1/"
DATA = next((EXPORT / FOLDER / "data").glob("*.gz"))
ITEMS = in_order(json.loads(line)["Item"] for line in gzip.decompress(DATA.read_bytes()).splitlines())


@pytest.fixture(scope="module", params=["moto", "ministack", "dynoxide", "dynalite"])
def table_server(
    request: pytest.FixtureRequest, sandbox: Aws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Aws]:
    """A DynamoDB server, with its own S3 or with that of rclone, which checks signatures."""
    if request.param == "moto":
        yield sandbox
    elif request.param == "ministack":
        with servers.ministack() as url:
            yield Aws(url)
    else:
        start = servers.dynoxide if request.param == "dynoxide" else servers.dynalite
        with start() as url, servers.rclone(tmp_path_factory.mktemp("s3"), key=KEY, secret=SECRET) as s3_url:
            yield Aws(url, s3_url)


@pytest.mark.parametrize("existing", ["fail", "keep"])
def test_every_server_holds_the_same_items_after_a_restore(
    table_server: Aws, program: Program, name: str, existing: str
) -> None:
    """With the same bytes and digits, by BatchWriteItem and by PutItem."""
    aws = table_server
    bucket = aws.create_bucket(f"{name}-copied")
    aws.upload(EXPORT, bucket, "elsewhere/")
    aws.create_table(name)
    restore = {
        "table": "S3ExportTest",
        "from": {"s3_uri": f"s3://{bucket}/elsewhere/{FOLDER}"},
        "to": {"table": name},
        "existing": existing,
    }
    program.plan(plan(aws, bucket, tables=[{"name": "S3ExportTest"}], restores={"back": restore}))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.err
    assert aws.items(name) == ITEMS
    (outcome,) = done.report["outcomes"]
    assert outcome["facts"]["written"] == 3
    assert any("MD5" in note for note in outcome["facts"]["notes"]), (
        "the report says what could not be verified"
    )


@pytest.mark.parametrize("table_server", ["ministack", "dynoxide", "dynalite"], indirect=True)
def test_items_of_the_maximum_size_are_restored_into_strict_servers(
    table_server: Aws, program: Program, name: str
) -> None:
    """400 KB of binary each, 21 MB in total. Not moto, which counts the base64 text instead of the bytes."""
    aws = table_server
    items = [{"id": {"S": f"{n}"}, "b": {"B": "AP+A" * (399 * 1024 // 3)}} for n in range(40)]
    bucket = aws.create_bucket(f"{name}-large")
    uri = aws.put_export(bucket, [[line(item) for item in items]])
    aws.create_table(name)
    restore = {"table": "gone", "from": {"s3_uri": uri}, "to": {"table": name}}
    program.plan(plan(aws, bucket, tables=[{"name": "gone"}], restores={"back": restore}))

    done = program.run("restore", "back")

    assert done.code == 0, done.err
    assert aws.items(name) == in_order(items)
