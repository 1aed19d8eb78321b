"""The kinds of steps, and the permissions that the modules of all packages declare."""

from __future__ import annotations

from typing import Final

from ddbbackup.backup import assessment as backup_assessment
from ddbbackup.backup import (
    backup_table,
    check_destination,
    export_scheduler,
    export_time,
    finish_backup,
    record_settings,
    run_scan,
    snapshot,
    start_export,
)
from ddbbackup.backup.backup_table import BackupTable
from ddbbackup.backup.check_destination import CheckDestination
from ddbbackup.backup.finish_backup import FinishBackup
from ddbbackup.backup.planning import FailedSelector
from ddbbackup.checks import doctor
from ddbbackup.cli import overview
from ddbbackup.compare import sides
from ddbbackup.restore import assessment as restore_assessment
from ddbbackup.restore import (
    bulk_put,
    changes,
    compatibility,
    import_quota,
    import_table,
    later_indexes,
    mirror,
    point_in_time,
    recorded_capacity,
    retrieval,
    target,
    target_warnings,
    write,
)
from ddbbackup.restore import settings as restore_settings
from ddbbackup.restore import snapshot as restore_snapshot
from ddbbackup.restore.restore_table import RestoreTable
from ddbbackup.retention import prune_table
from ddbbackup.retention.prune_table import PruneTable
from ddbbackup.sources import data_files, selected_tables
from ddbbackup.sources import resolve as source
from ddbbackup.status import table_status, unselected_tables
from ddbbackup.steps import inventory
from ddbbackup.steps.bad_record import ReportBadRecord
from ddbbackup.steps.permissions import READ_CATALOG, VERIFY_DATA, Permission
from ddbbackup.verify import record_result, verify_snapshot
from ddbbackup.verify.verify_backup import VerifyBackup

STEP_KINDS: Final = {
    "check": CheckDestination,
    "backup": BackupTable,
    "finish": FinishBackup,
    "verify": VerifyBackup,
    "restore": RestoreTable,
    "prune": PruneTable,
    "select": FailedSelector,
    "record": ReportBadRecord,
}

DECLARING: Final = (
    inventory,
    unselected_tables,
    table_status,
    check_destination,
    backup_assessment,
    export_time,
    backup_table,
    start_export,
    export_scheduler,
    finish_backup,
    snapshot,
    verify_snapshot,
    run_scan,
    selected_tables,
    source,
    target,
    compatibility,
    restore_assessment,
    target_warnings,
    write,
    mirror,
    data_files,
    sides,
    import_quota,
    retrieval,
    import_table,
    changes,
    bulk_put,
    point_in_time,
    restore_snapshot,
    later_indexes,
    recorded_capacity,
    record_settings,
    restore_settings,
    prune_table,
    doctor,
    record_result,
    overview,
)


def declared_permissions() -> tuple[Permission, ...]:
    """Every permission that a module declares, without duplicates."""
    every = [permission for module in DECLARING for permission in module.PERMISSIONS]
    return tuple(dict.fromkeys((*READ_CATALOG, *VERIFY_DATA, *every)))
