"""The facts of one restore by which its method is selected, estimated and blocked."""

from __future__ import annotations

from dataclasses import dataclass, field

from ddbbackup.errors import DdbBackupError
from ddbbackup.model.assessment import Blocker
from ddbbackup.model.json_value import JsonObject
from ddbbackup.plan.model import Restore


@dataclass(frozen=True, slots=True)
class MethodInputs:
    """What ``resolve_restore`` found out about source and target.

    ``target_description`` is None if the target does not exist. ``description`` is DescribeTable of the table that
    was backed up, empty without a record. ``items`` and ``files`` count the backup of the whole table; ``changes``
    are in the ``windows`` that follow it. ``for_aws``: its data files have the format that an import and a bulk put
    read. ``backup_error`` and ``live_error`` say why that source cannot be used. A source that was not resolved has
    neither an error nor a description. ``from_snapshot``: the backup is an on-demand backup of DynamoDB.
    ``import_refusal`` says why AWS would not start an import now, once that is known.
    """

    restore: Restore
    target: str
    target_description: JsonObject | None = None
    description: JsonObject = field(default_factory=dict)
    items: int | None = None
    files: int | None = None
    for_aws: bool = True
    windows: int = 0
    changes: int = 0
    backup_error: DdbBackupError | None = None
    from_snapshot: bool = False
    live_description: JsonObject = field(default_factory=dict)
    live_error: DdbBackupError | None = None
    import_refusal: Blocker | None = None
    same_account: bool = True
    bulk_put_available: bool = True

    @property
    def exists(self) -> bool:
        """Whether the target exists."""
        return self.target_description is not None
