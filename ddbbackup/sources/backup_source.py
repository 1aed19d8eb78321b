"""A backup of a table whose data files can be read, and the windows that follow it: what ``from`` names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ddbbackup.catalog import ObservedSetting, OpenedExport
from ddbbackup.model.encryption import Encryption
from ddbbackup.model.json_value import JsonObject
from ddbbackup.plan.restore_from import Origin


@dataclass(frozen=True, slots=True)
class BackupSource:
    """One backup of a whole table, and the windows that follow it up to the restore point.

    ``opened`` is the backup of the whole table. ``label`` names the restore point for people; ``table_arn`` is the
    table that was backed up.

    ``origin`` is the account and Region of its record, if they are not those that the plan runs in.

    ``description`` is the recorded DescribeTable, empty without a record. ``encryption`` of the objects and
    ``settings`` of the table are None without a record. ``passed_over`` says which newer backups cannot be restored.
    """

    label: str
    opened: OpenedExport
    table_arn: str
    description: JsonObject = field(default_factory=dict)
    encryption: Encryption | None = None
    settings: Mapping[str, ObservedSetting] | None = None
    passed_over: tuple[str, ...] = ()
    origin: Origin | None = None
    windows: tuple[OpenedExport, ...] = ()

    @property
    def key(self) -> str:
        """Identifies the data: the folder of the backup, and of the last window."""
        folders = [self.opened.folder, *(window.folder for window in self.windows[-1:])]
        return " + ".join(f"{folder.bucket}/{folder.root}" for folder in folders)

    @property
    def change_count(self) -> int:
        """The number of changes in the windows; several may be of one item."""
        return sum(window.item_count for window in self.windows)

    @property
    def line_count(self) -> int:
        """The number of items and changes in all data files."""
        return self.opened.item_count + self.change_count

    @property
    def notes(self) -> tuple[str, ...]:
        """The backups passed over, and what could not be verified when the manifests were read, each said once."""
        opened = (note for each in (self.opened, *self.windows) for note in each.notes)
        return tuple(dict.fromkeys((*self.passed_over, *opened)))
