"""One file a kind of step; ``KINDS`` and ``RESTORE_METHODS`` list what exists."""

from __future__ import annotations

from typing import Final

from ddbbackup.steps.backup_table import BackupTable
from ddbbackup.steps.finish_backup import FinishBackup
from ddbbackup.steps.planning import FailedSelector
from ddbbackup.steps.restore_table import RestoreTable
from ddbbackup.steps.restore_write import restore_by_writing
from ddbbackup.steps.verify_backup import VerifyBackup

KINDS: Final = {
    "backup": BackupTable,
    "finish": FinishBackup,
    "verify": VerifyBackup,
    "restore": RestoreTable,
    "select": FailedSelector,
}
RESTORE_METHODS: Final = {"write": restore_by_writing}
