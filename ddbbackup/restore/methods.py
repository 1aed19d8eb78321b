"""The registry of restore methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ddbbackup.restore import bulk_put, import_table, point_in_time, snapshot, write
from ddbbackup.restore.method import RestoreMethod
from ddbbackup.restore.method_selection import MethodName

RESTORE_METHODS: Final[Mapping[MethodName, RestoreMethod]] = {
    "write": write.METHOD,
    "import": import_table.METHOD,
    "bulk-put": bulk_put.METHOD,
    "point-in-time": point_in_time.METHOD,
    "snapshot": snapshot.METHOD,
}
