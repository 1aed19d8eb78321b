"""From a restore of the plan to the step that carries it out. Pure."""

from __future__ import annotations

from datetime import datetime

from ddbbackup.errors import Refused
from ddbbackup.plan.model import Restore
from ddbbackup.restore.restore_table import RestoreTable


def restore_step(restore: Restore, *, run: str, today: datetime, confirmed: bool) -> RestoreTable:
    """The step of one restore, with the target's name rendered from {table} {date} {run}.

    Raises ``Refused`` if what comes out is no table name.
    """
    name = restore.target.table
    for field, value in {"table": restore.table, "date": f"{today:%Y%m%d}", "run": run}.items():
        name = name.replace("{" + field + "}", value)
    if not 3 <= len(name) <= 255:
        raise Refused(
            f"the target of restore {restore.name} would be called {name!r}, which is not 3 to 255 characters",
            hint="change `to.table` of the restore",
        )
    return RestoreTable(restore=restore, target=name, confirmed=confirmed)


def overwrites_its_source(step: RestoreTable) -> bool:
    """Whether, by its names alone, a restore writes over the live table that its backup was made of.

    The step itself compares the ARNs and refuses what nobody agreed to; this only tells whom to ask.
    """
    to = step.restore.target
    elsewhere = (to.region, to.account, to.assume_role) != (None, None, None)
    return step.restore.existing == "overwrite" and step.target == step.restore.table and not elsewhere
