"""The layout of a bucket: export folders that AWS writes, and ddbbackup's records beside them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ddbbackup.errors import DataIncomplete, Refused
from ddbbackup.model.s3_location import S3Location

SUMMARY = "manifest-summary.json"
FILES = "manifest-files.json"
RECORDS_FOLDER = "ddbbackup"
DOCUMENTS_FOLDER = "tables"  # descriptions and settings, below the prefix of a table's records
SUMMARY_FILE = "summary.json"  # of the records of a table, beside them
RESTORES_FOLDER = "_restores"  # beside those of plans, none of which can have this name
STATE_FILE = "state.json"

_EXPORT_ROOT = re.compile(r"(?P<base>(?:.*/)?AWSDynamoDB/)(?P<export>[^/]+)/\Z", re.DOTALL)
_S3_URI_HINT = "write s3://BUCKET/PREFIX/AWSDynamoDB/EXPORT-ID/, the folder that contains manifest-files.json"


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """One export in a bucket. ``root`` is the full key prefix ``<prefix>AWSDynamoDB/<ExportId>/``."""

    bucket: str
    root: str

    @property
    def location(self) -> S3Location:
        return S3Location(self.bucket, self.root)

    @property
    def summary_key(self) -> str:
        return self.root + SUMMARY

    @property
    def files_key(self) -> str:
        return self.root + FILES

    def md5_key(self, manifest_key: str) -> str:
        """The object with the MD5 of a manifest: ``.md5`` in place of ``.json`` (observed on AWS)."""
        return manifest_key.removesuffix(".json") + ".md5"

    def data_key(self, key: str, *, incremental: bool) -> str:
        """The current key of the data file that the manifest lists as ``key``.

        Manifests list full keys at the time of the export. Only the file name is used, below this folder: so a
        copied export is found at its new location, and a manifest cannot refer to any other object. Incremental
        exports share one ``data/`` folder beside their own folders.

        Raises ``Refused`` for a key that does not have AWS's form.
        """
        folder, _, name = key.rpartition("/")
        if not name or not (folder == "data" or folder.endswith("/data")):
            raise Refused(
                f"the manifest in {self.location} lists a file that is not in a data/ folder",
                hint="use an export folder as AWS wrote it; if this is a copy, copy the whole folder again",
            )
        base = self.root
        if incremental:
            base = self.root[: self.root.rstrip("/").rfind("/") + 1]
        return f"{base}data/{name}"

    def data_keys(self, keys: Iterable[str], *, incremental: bool) -> tuple[str, ...]:
        """The current keys of all data files of a manifest, see ``data_key``.

        Raises ``DataIncomplete`` if two of them are the same object, such as one file name below two prefixes: its
        items would be counted twice.
        """
        current = tuple(self.data_key(key, incremental=incremental) for key in keys)
        repeated = next((key for key, count in Counter(current).items() if count > 1), None)
        if repeated is not None:
            raise DataIncomplete(
                f"the manifest in {self.location} lists {repeated} more than once",
                hint="use another backup of the table; if this export is a copy, copy its whole folder again",
            )
        return current


def export_folder(bucket: str, manifest_key: str) -> ExportFolder:
    """The folder of a manifest, given its full key (``ExportManifest`` of DescribeExport)."""
    return ExportFolder(bucket, manifest_key.rpartition("/")[0] + "/")


def parse_s3_uri(uri: str) -> ExportFolder:
    """Accepts ``s3://bucket/any/prefix/AWSDynamoDB/<ExportId>/`` or a manifest in it. Raises ``Refused``."""
    try:
        location = S3Location.parse(uri)
    except Refused as error:
        raise Refused(error.message, hint=_S3_URI_HINT) from error
    key = location.key
    if key.endswith((SUMMARY, FILES)):
        key = key.rpartition("/")[0]
    root = key.rstrip("/") + "/"
    match = _EXPORT_ROOT.match(root)
    if not match or match["export"] == "data":
        raise Refused(f"{uri!r} is not an export folder below AWSDynamoDB/", hint=_S3_URI_HINT)
    return ExportFolder(location.bucket, root)


def destination_root(template: str) -> str:
    """The literal part of a destination's prefix before its first field, up to a slash: "" or ending in ``/``.

    All records of a plan lie below it, whatever the fields, so that one listing finds them all.
    """
    literal, field, _ = template.partition("{")
    if not field:
        return literal if not literal or literal.endswith("/") else literal + "/"
    return literal[: literal.rfind("/") + 1]


def records_prefix(root: str, plan: str, account: str, region: str, table: str | None = None) -> str:
    """The prefix of all records of a plan in one account and region, or of one table's; it ends in ``/``."""
    prefix = f"{root}{RECORDS_FOLDER}/{plan}/{account}/{region}/"
    return f"{prefix}{table}/" if table is not None else prefix


def record_key(root: str, plan: str, account: str, region: str, table: str, backup_id: str) -> str:
    return f"{records_prefix(root, plan, account, region, table)}{backup_id}.json"


def restore_state_key(root: str, account: str, region: str, table: str) -> str:
    """Of the state and the lock of restores into a table: the same for all plans with this root."""
    return f"{root}{RECORDS_FOLDER}/{RESTORES_FOLDER}/{account}/{region}/{table}/{STATE_FILE}"


def render_prefix(template: str, *, account: str, region: str, table: str, plan: str) -> str:
    """The prefix of a destination for one table. It ends with ``/`` unless it is empty."""
    fields = {"account": account, "region": region, "table": table, "plan": plan}
    prefix = re.sub(r"\{(\w+)\}", lambda field: fields[field[1]], template)
    return prefix if not prefix or prefix.endswith("/") else prefix + "/"


def export_prefix(prefix: str) -> str | None:
    """``S3Prefix`` of an export request: AWS appends ``/`` to it; None for the root of the bucket."""
    return prefix.rstrip("/") or None
