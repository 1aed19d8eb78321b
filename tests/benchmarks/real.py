"""Restores into real servers: what a user sees on loopback, where the server is the bottleneck."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from tests.benchmarks.clients import restore_command, write_plan
from tests.benchmarks.data import Export
from tests.benchmarks.rounds import fresh
from tests.benchmarks.sink import ACCESS_KEY, REGION, SECRET_KEY, Tools, running
from tests.benchmarks.tree import measure
from tests.support import servers

SERVERS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "dynalite": servers.dynalite,
    "dynoxide": servers.dynoxide,
    "ministack": servers.ministack,
}


@dataclass(frozen=True)
class RealFigures:
    """``put_items_per_second`` is one client's plain BatchWriteItem loop through boto3 on the same server."""

    server: str
    items: int
    items_per_second: float


def measure_real(export: Export, tools: Tools, work: Path) -> list[RealFigures]:
    """Each server gets the export once, and must hold every item afterwards."""
    found = []
    for name, start in SERVERS.items():
        with start() as url, _table(url) as count, running(tools, export.root) as s3:
            directory = fresh(work / "real")
            plan = write_plan(
                directory, url, s3.url, export.uri, table="bench", existing="overwrite", workers=1
            )
            environment = s3.environment() | {"DDBBACKUP_STATE_DIR": str(directory / "state")}
            usage = measure([restore_command(plan)], environment, directory)
            held = count()
            assert held == export.items, f"{name} holds {held} of {export.items} items"
            found.append(RealFigures(name, export.items, export.items / usage.seconds))
    return found


@contextmanager
def _table(url: str) -> Iterator[Callable[[], int]]:
    session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
    client = session.client("dynamodb", endpoint_url=url)
    client.create_table(
        TableName="bench",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName="bench", WaiterConfig={"Delay": 1, "MaxAttempts": 30})

    def count() -> int:
        pages = client.get_paginator("scan").paginate(TableName="bench", Select="COUNT")
        return sum(page["Count"] for page in pages)

    yield count
