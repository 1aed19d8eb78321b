"""Whether the items of a backup fit the key schema of a table."""

from __future__ import annotations

from typing import Final

from ddbbackup.bulk import check_keys, read_first_line
from ddbbackup.catalog.table_keys import recorded_keys
from ddbbackup.model.json_value import JsonObject
from ddbbackup.ports import Objects, TableFacts
from ddbbackup.sources.data_files import DataFiles
from ddbbackup.steps.permissions import INTO_TABLES, Permission

PERMISSIONS: Final = (Permission("s3:GetObject", "object", ("restore",), INTO_TABLES),)


def check_first_item(
    objects: Objects, data_files: DataFiles, target: TableFacts | None, recorded: JsonObject
) -> None:
    """Raises ``Refused`` if the first item of the backup does not have the key of the target. Blocking.

    A target that does not exist will get the recorded key schema.
    """
    file = next((file for file in data_files.files if file.item_count), None)
    keys = target.keys if target is not None else recorded_keys(recorded)
    line = read_first_line(file, objects) if file is not None and keys else None
    if line is not None:
        check_keys(line, keys)
