"""The registry of backup methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ddbbackup.backup import backup_table, scan_table, snapshot
from ddbbackup.backup.method import BackupMethod
from ddbbackup.plan.model import Method

BACKUP_METHODS: Final[Mapping[Method, BackupMethod]] = {
    "export": backup_table.METHOD,
    "incremental": backup_table.METHOD,  # the step of an export decides what is exported
    "snapshot": snapshot.METHOD,
    "scan": scan_table.METHOD,
}
