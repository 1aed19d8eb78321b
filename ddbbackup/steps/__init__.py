"""One file a kind of step; ``KINDS`` and ``RESTORE_METHODS`` list what exists, ``DECLARING`` who needs what."""

from __future__ import annotations

from typing import Final

from ddbbackup.steps import (
    backup_forecast,
    backup_table,
    check_destination,
    export_desk,
    finish_backup,
    holdings,
    inventory,
    lost_tables,
    proof,
    restore_bulk_put,
    restore_fit,
    restore_forecast,
    restore_handover,
    restore_import,
    restore_point_in_time,
    restore_source,
    restore_table,
    restore_target,
    restore_warnings,
    restore_write,
    standing,
    start_export,
)
from ddbbackup.steps.backup_table import BackupTable
from ddbbackup.steps.check_destination import CheckDestination
from ddbbackup.steps.finish_backup import FinishBackup
from ddbbackup.steps.planning import FailedSelector
from ddbbackup.steps.restore_methods import (
    RESTORE_METHODS as RESTORE_METHODS,
)  # the registry, seen from outside
from ddbbackup.steps.restore_table import RestoreTable
from ddbbackup.steps.settings import capture, put_back
from ddbbackup.steps.verify_backup import VerifyBackup

KINDS: Final = {
    "check": CheckDestination,
    "backup": BackupTable,
    "finish": FinishBackup,
    "verify": VerifyBackup,
    "restore": RestoreTable,
    "select": FailedSelector,
}
DECLARING: Final = (
    inventory,
    holdings,
    lost_tables,
    standing,
    check_destination,
    backup_forecast,
    backup_table,
    start_export,
    export_desk,
    finish_backup,
    proof,
    restore_source,
    restore_table,
    restore_target,
    restore_fit,
    restore_forecast,
    restore_warnings,
    restore_write,
    restore_handover,
    restore_import,
    restore_bulk_put,
    restore_point_in_time,
    capture,
    put_back,
)
"""Every file of this room that declares ``PERMISSIONS`` (a test holds the list to it)."""
