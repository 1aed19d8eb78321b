"""``list``: the catalog, newest backup of each table first."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ddbbackup.catalog import Record
from ddbbackup.cli.printing import print_json, print_table
from ddbbackup.cli.running import running
from ddbbackup.report.units import count, size
from ddbbackup.steps.holdings import holdings
from ddbbackup.times import to_iso


def run(options: Namespace) -> int:
    with running(options) as this:
        records = [stored.record for held in holdings(this.world, only=options.only) for stored in held.all()]
    if options.output == "json":
        print_json("backups", [_fields(record) for record in records])
    elif not records:
        print("the catalog holds no backups")
    else:
        print_table(
            ("TABLE", "BACKUP", "STATE", "AS OF", "ITEMS", "SIZE"),
            [
                (
                    record.table,
                    record.id,
                    record.state,
                    to_iso(record.export_time) or "–",
                    count(record.item_count),
                    size(record.size_bytes),
                )
                for record in records
            ],
        )
    return 0


def _fields(record: Record) -> dict[str, Any]:
    return {
        "table": record.table,
        "backup": record.id,
        "state": record.state,
        "kind": record.kind,
        "run": record.run,
        "started_at": to_iso(record.started_at),
        "export_time": to_iso(record.export_time),
        "export_arn": record.export_arn,
        "items": record.item_count,
        "size_bytes": record.size_bytes,
        "bucket": record.bucket,
        "prefix": record.prefix,
        "failure": record.failure_message,
    }
