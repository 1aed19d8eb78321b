"""The registry of restore methods: one file each, one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ddbbackup.steps import restore_bulk_put, restore_import, restore_point_in_time, restore_write
from ddbbackup.steps.restore_choice import MethodName
from ddbbackup.steps.restore_method import RestoreMethod

RESTORE_METHODS: Final[Mapping[MethodName, RestoreMethod]] = {
    "write": restore_write.METHOD,
    "import": restore_import.METHOD,
    "bulk-put": restore_bulk_put.METHOD,
    "point-in-time": restore_point_in_time.METHOD,
}
