"""The names of all log events, ``noun.past_participle``; ``schemas/event.schema.json`` lists the same ones."""

from __future__ import annotations

from typing import Final

RUN_STARTED: Final = "run.started"
PLAN_RESOLVED: Final = "plan.resolved"
EXPORT_STARTED: Final = "export.started"
EXPORT_REATTACHED: Final = "export.reattached"
EXPORT_PROGRESSED: Final = "export.progressed"
EXPORT_COMPLETED: Final = "export.completed"
EXPORT_FAILED: Final = "export.failed"
PITR_ENABLED: Final = "pitr.enabled"
BACKUP_PROGRESSED: Final = "backup.progressed"
BACKUP_VERIFIED: Final = "backup.verified"
RECORD_REJECTED: Final = "record.rejected"
BACKUP_RECORDED: Final = "backup.recorded"
TAGS_PROGRESSED: Final = "tags.progressed"
SETTINGS_READ: Final = "settings.read"
TABLE_AWAITED: Final = "table.awaited"
TABLE_CREATED: Final = "table.created"
INDEX_ADDED: Final = "index.added"
METHOD_CHOSEN: Final = "method.chosen"
TARGET_WARNED: Final = "target.warned"
JOB_STARTED: Final = "job.started"
JOB_REATTACHED: Final = "job.reattached"
JOB_FAILED: Final = "job.failed"
RESTORE_STARTED: Final = "restore.started"
RESTORE_RESUMED: Final = "restore.resumed"
RESTORE_PROGRESSED: Final = "restore.progressed"
ITEMS_REJECTED: Final = "items.rejected"
RESTORE_COMPLETED: Final = "restore.completed"
SETTING_APPLIED: Final = "setting.applied"
SETTING_REFUSED: Final = "setting.refused"
RETRY_SCHEDULED: Final = "retry.scheduled"
STEP_FAILED: Final = "step.failed"
STEP_SKIPPED: Final = "step.skipped"
NOTIFICATION_SENT: Final = "notification.sent"
NOTIFICATION_SKIPPED: Final = "notification.skipped"
NOTIFICATION_FAILED: Final = "notification.failed"
METRICS_WRITTEN: Final = "metrics.written"
METRICS_FAILED: Final = "metrics.failed"
LIBRARY_WARNED: Final = "library.warned"
RUN_COMPLETED: Final = "run.completed"

ALL: Final = frozenset(
    value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str)
)
