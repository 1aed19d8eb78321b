"""What to do about a backup whose data is damaged: words that can be typed."""

from __future__ import annotations

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.backup_id import is_backup_id
from ddbbackup.restore.method import RestoreJob
from ddbbackup.sources.resolve import other_backup
from ddbbackup.sources.wanted import WantedPoint


def damaged_hint(job: RestoreJob) -> str:
    """Names the backup before it, if one can be restored without the damaged one. Blocks."""
    restore = job.restore
    rest = "or add --accept-incomplete to restore what can be proven of this one"
    label = job.backup.label
    if restore.destination is None or not is_backup_id(label):
        return f"restore another export, {rest}"
    try:
        other = other_backup(job.context, WantedPoint.by(restore), label)
    except DdbBackupError:
        other = None
    if other is not None:
        return f"restore the backup before it with `--from {other}`, {rest}"
    return f"run `ddbbackup verify --only {restore.table}` to see which backups are whole, {rest}"
