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
    restore_table,
    standing,
    start_export,
)
from ddbbackup.steps.backup_table import BackupTable
from ddbbackup.steps.check_destination import CheckDestination
from ddbbackup.steps.finish_backup import FinishBackup
from ddbbackup.steps.planning import FailedSelector
from ddbbackup.steps.restore import (
    bulk_put,
    fit,
    handover,
    import_table,
    point_in_time,
    source,
    target,
    warnings,
    write,
)
from ddbbackup.steps.restore import forecast as restore_forecast
from ddbbackup.steps.restore.methods import (
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
    source,
    restore_table,
    target,
    fit,
    restore_forecast,
    warnings,
    write,
    handover,
    import_table,
    bulk_put,
    point_in_time,
    capture,
    put_back,
)
"""Every file of this room that declares ``PERMISSIONS`` (a test holds the list to it)."""
