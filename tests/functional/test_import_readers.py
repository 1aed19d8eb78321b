"""An independent implementation of ImportTable reads what `import` passes to AWS: that of ministack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import servers
from tests.support.aws import Aws, in_order
from tests.support.plans import plan
from tests.support.program import Program

ITEMS: list[dict[str, Any]] = [
    {"id": {"S": f"{n} – 注文"}, "v": {"N": f"{n}.5"}, "b": {"B": "AAH/"}, "l": {"L": [{"NULL": True}]}}
    for n in range(80)
]


@pytest.fixture(scope="module")
def reader() -> Iterator[Aws]:
    with servers.ministack() as url:
        yield Aws(url)


def test_ministack_imports_a_backup_of_the_sandbox(
    sandbox: Aws, reader: Aws, bucket: str, name: str, program: Program
) -> None:
    """The bucket is copied to ministack, which reads prefix, gzip and lines with its own code."""
    sandbox.create_table(
        name,
        pitr=True,
        AttributeDefinitions=[{"AttributeName": "v", "AttributeType": "N"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-v",
                "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    sandbox.put(name, *ITEMS)
    restores = {
        "back": {"table": name, "to": {"table": f"{name}-new", "settings": "none"}, "method": "import"}
    }
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    assert program.run("backup").code == 0
    reader.create_bucket(bucket)
    for key in sandbox.keys(bucket):
        reader.s3.put_object(Bucket=bucket, Key=key, Body=sandbox.read(bucket, key))
    # The sandbox tells the account, so that the backup is of the same one.
    reader.endpoint_urls = {**reader.endpoint_urls, "sts": sandbox.url}
    program.plan(plan(reader, bucket, tables=[{"name": name}], restores=restores))

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    facts = done.facts
    assert (facts["method"], facts["written"]) == ("import", 80)
    assert reader.items(f"{name}-new") == in_order(ITEMS)
    table = reader.dynamodb.describe_table(TableName=f"{name}-new")["Table"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-v"]
