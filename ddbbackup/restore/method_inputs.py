"""What restore methods are judged by: facts of one restore, gathered by ``restore_survey``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ddbbackup.errors import DdbBackupError
from ddbbackup.plan.model import Restore


@dataclass(frozen=True, slots=True)
class MethodInputs:
    """What the methods are judged by.

    ``target_description`` is None where the target does not exist; ``description`` is the recorded one of the
    backed-up table, empty without a record. ``items`` and ``files`` are those of the backup. The errors say why
    a source that was looked for cannot be used; ``live`` is False too where nobody looked.
    """

    restore: Restore
    target: str
    target_description: Mapping[str, Any] | None = None
    description: Mapping[str, Any] = field(default_factory=dict)
    items: int | None = None
    files: int | None = None
    backup_error: DdbBackupError | None = None
    live: bool = False
    live_description: Mapping[str, Any] = field(default_factory=dict)
    live_error: DdbBackupError | None = None
    same_account: bool = True
    bulk_put_available: bool = True

    @property
    def exists(self) -> bool:
        return self.target_description is not None
