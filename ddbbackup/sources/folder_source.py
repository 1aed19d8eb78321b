"""Data in S3 that no record describes: the folder of an export, or a folder of DynamoDB JSON without manifests."""

from __future__ import annotations

import re
import threading
from typing import Final

from ddbbackup.archive.layout import FILES, SUMMARY, parse_s3_uri
from ddbbackup.catalog import OpenedExport, open_export
from ddbbackup.catalog.plain_folder import open_plain_folder
from ddbbackup.errors import ObjectMissing
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import Objects

_IN_EXPORT: Final = re.compile(r"(?:.*/)?AWSDynamoDB/[^/]+/?\Z", re.DOTALL)


def open_folder(objects: Objects, uri: str, *, owner: str | None, stop: threading.Event) -> OpenedExport:
    """Reads the manifests of an export, or, in a folder without any, all files. Blocks.

    Raises ``ObjectMissing`` if there is nothing to restore, and what ``open_export`` and ``open_plain_folder`` raise.
    """
    location = S3Location.parse(uri)
    if not location.key.endswith((SUMMARY, FILES)) and not _IN_EXPORT.match(location.key):
        return open_plain_folder(objects, location, owner=owner, stop=stop)
    try:
        return open_export(objects, parse_s3_uri(uri), owner=owner)
    except ObjectMissing as error:
        raise ObjectMissing(
            f"there is no export at {uri}: {error.message}",
            hint="set `s3_uri` to the folder that contains manifest-files.json, below AWSDynamoDB/",
        ) from error
