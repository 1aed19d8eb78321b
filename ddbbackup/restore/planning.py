"""The step of a restore. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from ddbbackup.errors import Refused
from ddbbackup.plan.model import Restore
from ddbbackup.ports import RetrievalTier
from ddbbackup.restore.restore_table import RestoreTable

_TABLE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}")


def restore_step(
    restore: Restore,
    *,
    run: str,
    today: datetime,
    confirmed: bool,
    adopts: bool = False,
    accepts_incomplete: bool = False,
    retrieve: RetrievalTier | None = None,
    allowed_deletes: int | None = None,
) -> RestoreTable:
    """The step of one restore, with {table}, {date} and {run} replaced in the name of its target.

    Raises ``Refused`` if the result is not a valid table name.
    """
    name = restore.target.table
    for field, value in {"table": restore.table, "date": f"{today:%Y%m%d}", "run": run}.items():
        name = name.replace("{" + field + "}", value)
    if not _TABLE_NAME.fullmatch(name):
        raise Refused(
            f"the target of restore {restore.name} would be named {name!r}, but table names have 3 to 255 letters, "
            "digits, dots, hyphens and underscores",
            hint="change `to.table` of the restore",
        )
    return RestoreTable(
        restore=restore,
        target=name,
        confirmed=confirmed,
        adopts=adopts,
        accepts_incomplete=accepts_incomplete,
        retrieve=retrieve,
        allowed_deletes=allowed_deletes,
    )
