"""A backup, and a restore of it by each method, compared with the table item by item."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.live import estimate
from tests.live.data import ITEMS, same
from tests.live.model import Check
from tests.live.program import Program
from tests.live.stage import Stage
from tests.support.program import Result

METHODS: Final[dict[str, dict[str, Any]]] = {
    "write": {},
    "import": {"to": {"create": "new"}},
    "bulk-put": {"to": {"create": "never"}, "existing": "overwrite"},
    "point-in-time": {},
}


def ran(program: Program, *arguments: str) -> Result:
    """A run that must succeed."""
    done = program.run(*arguments)
    assert done.code == 0, f"ddbbackup {' '.join(arguments)} ended with {done.code}: {_reason(done)}"
    return done


def _reason(done: Result) -> str:
    """The errors of the report, or the end of what the program wrote."""
    try:
        outcomes = json.loads(done.out)["outcomes"]
    except (ValueError, KeyError):
        return done.err[-1500:]
    return json.dumps([each.get("error") for each in outcomes])[:1500]


def restores(stage: Stage) -> dict[str, dict[str, Any]]:
    """One restore of the source for each method, into a table of its own."""
    return {
        method: {
            "table": stage.source(),
            "method": method,
            **members,
            "to": {"table": stage.name(f"by-{method}"), "settings": "none", **members.get("to", {})},
        }
        for method, members in METHODS.items()
    }


def write_plan(stage: Stage, program: Program) -> None:
    program.plan(stage.plan(bucket=stage.vault(), tables=[stage.source()], restores=restores(stage)))


def backed_up(stage: Stage) -> Result:
    """The one backup that all restores use."""

    def make() -> Result:
        program = stage.program("backup")
        write_plan(stage, program)
        return ran(program, "backup", "--output", "json")

    return stage.shared.get("backed up", make)


def backup(stage: Stage) -> None:
    """The record counts every item, and a second machine verifies the backup."""
    done = backed_up(stage)
    assert done.facts["items"] == len(ITEMS), done.facts
    elsewhere = stage.program("backup-elsewhere")
    write_plan(stage, elsewhere)
    ran(elsewhere, "verify", "--output", "json")
    assert stage.source() in ran(elsewhere, "list").out
    ran(elsewhere, "doctor")


def restore(stage: Stage, method: str) -> None:
    backed_up(stage)
    if METHODS[method].get("to", {}).get("create") == "never":
        stage.make_table(f"by-{method}")
    program = stage.program(f"restore-{method}")
    write_plan(stage, program)
    ran(program, "preview", "restore", method)
    done = ran(program, "restore", method, "--yes", "--output", "json")
    assert done.facts["method"] == method
    same(stage.items(stage.name(f"by-{method}")), ITEMS)


CHECKS: Final = (
    Check(
        "backup",
        "a backup, verified by another machine",
        backup,
        (*estimate.table(pitr=True), *estimate.export()),
    ),
    Check(
        "restore/write",
        "a restore by BatchWriteItem",
        lambda stage: restore(stage, "write"),
        estimate.table(),
    ),
    Check(
        "restore/import",
        "a restore by ImportTable",
        lambda stage: restore(stage, "import"),
        (*estimate.table(), *estimate.import_()),
    ),
    Check(
        "restore/bulk-put",
        "a restore by StartBulkPutItems",
        lambda stage: restore(stage, "bulk-put"),
        estimate.bulk_put(),
    ),
    Check(
        "restore/point-in-time",
        "a restore by RestoreTableToPointInTime",
        lambda stage: restore(stage, "point-in-time"),
        (*estimate.table(), *estimate.point_in_time_restore()),
    ),
)
