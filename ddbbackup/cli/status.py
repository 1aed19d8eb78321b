"""``status``: each table of the plan, its last good backup, its age against the RPO, what is running."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Final

from ddbbackup.cli.printing import print_json, print_table
from ddbbackup.cli.running import running
from ddbbackup.report.exit_code import STALE
from ddbbackup.report.units import count, duration
from ddbbackup.steps.inventory import take_inventory
from ddbbackup.steps.selection import select
from ddbbackup.steps.standing import Standing, standings
from ddbbackup.times import to_iso

_WORDS: Final = {"fresh": "ok", "stale": "STALE", "never": "NEVER BACKED UP"}


def run(options: Namespace) -> int:
    with running(options) as this:
        world = this.world
        selection = select(this.plan, take_inventory(this.plan, world.source, world.clock), only=options.only)
        found = standings(world, selection.chosen)
        now = world.clock.now()
    code = STALE if any(standing.breaks_rpo for standing in found) else 0
    if options.output == "json":
        print_json("tables", [_fields(standing) for standing in found], now=to_iso(now), exit_code=code)
    else:
        print_table(
            ("TABLE", "STATUS", "LAST BACKUP", "AGE", "RPO", "ITEMS", "RUNNING"),
            [_row(standing) for standing in found],
        )
    for _, error in selection.failures:
        raise error
    return code


def _row(standing: Standing) -> tuple[str, ...]:
    return (
        standing.table,
        _WORDS[standing.state] + (" (last try failed)" if standing.last_failure else ""),
        standing.backup or "–",
        duration(standing.age_seconds),
        duration(standing.rpo_seconds),
        count(standing.items),
        standing.running or "–",
    )


def _fields(standing: Standing) -> dict[str, Any]:
    return {
        "table": standing.table,
        "status": standing.state,
        "backup": standing.backup,
        "export_time": to_iso(standing.export_time),
        "age_seconds": standing.age_seconds,
        "rpo_seconds": standing.rpo_seconds,
        "items": standing.items,
        "running": standing.running,
        "last_failure": standing.last_failure,
    }
