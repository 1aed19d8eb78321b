"""Where things lie in a bucket: AWS's export folders and ddbbackup's records beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ddbbackup.errors import Refused

SUMMARY = "manifest-summary.json"
FILES = "manifest-files.json"
RECORDS_FOLDER = "ddbbackup"

_EXPORT_ROOT = re.compile(r"(?P<base>(?:.*/)?AWSDynamoDB/)(?P<export>[^/]+)/\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """One export in a bucket; ``root`` is ``<prefix>AWSDynamoDB/<ExportId>/``, absolute from the bucket's root."""

    bucket: str
    root: str

    @property
    def summary_key(self) -> str:
        return self.root + SUMMARY

    @property
    def files_key(self) -> str:
        return self.root + FILES

    def md5_key(self, manifest_key: str) -> str:
        """AWS writes the hash of a manifest beside it: ``.md5`` in place of ``.json`` (observed on AWS)."""
        return manifest_key.removesuffix(".json") + ".md5"

    def data_key(self, key: str, *, incremental: bool) -> str:
        """Where the data file that the manifest calls ``key`` lies now.

        A manifest's keys are absolute from the bucket root of the day they were written. Only the last part
        is believed and laid under this folder, so a copied export is found where it is now, and a manifest
        cannot point at other objects. Incremental exports share one ``data/`` beside their folders.

        Raises ``Refused`` for a key that is not of AWS's form.
        """
        folder, _, name = key.rpartition("/")
        if not name or not (folder == "data" or folder.endswith("/data")):
            raise Refused(
                f"the manifest in s3://{self.bucket}/{self.root} names a data file outside of any data/ folder",
                hint="restore from an export folder that AWS wrote, or copy the whole folder again",
            )
        base = self.root
        if incremental:
            base = self.root[: self.root.rstrip("/").rfind("/") + 1]
        return f"{base}data/{name}"


def export_folder(bucket: str, manifest_key: str) -> ExportFolder:
    """The folder that holds ``manifest_key`` (``ExportManifest`` of DescribeExport, or any manifest's key)."""
    return ExportFolder(bucket, manifest_key.rpartition("/")[0] + "/")


def parse_s3_uri(uri: str) -> ExportFolder:
    """``s3://bucket/any/prefix/AWSDynamoDB/<ExportId>/``, or a manifest in it. Raises ``Refused``."""
    found = re.match(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.+)\Z", uri, re.DOTALL)
    if not found:
        raise Refused(f"{uri!r} is not an S3 address of an export", hint=_S3_URI_HINT)
    key = found["key"]
    if key.endswith((SUMMARY, FILES)):
        key = key.rpartition("/")[0]
    root = key.rstrip("/") + "/"
    match = _EXPORT_ROOT.match(root)
    if not match or match["export"] == "data":
        raise Refused(f"{uri!r} does not name an export's folder below AWSDynamoDB/", hint=_S3_URI_HINT)
    return ExportFolder(found["bucket"], root)


_S3_URI_HINT = "write s3://BUCKET/PREFIX/AWSDynamoDB/EXPORT-ID/ (the folder that holds manifest-files.json)"


def records_prefix(prefix: str, plan: str, table: str | None = None) -> str:
    """The prefix of all records of a plan under one destination prefix, or of one table's."""
    start = f"{prefix}{RECORDS_FOLDER}/{plan}/"
    return f"{start}{table}/" if table is not None else start


def record_key(prefix: str, plan: str, table: str, backup_id: str) -> str:
    return f"{records_prefix(prefix, plan, table)}{backup_id}.json"


def render_prefix(template: str, *, account: str, region: str, table: str, plan: str) -> str:
    """A destination's prefix for one table, ending in ``/`` unless it is empty."""
    fields = {"account": account, "region": region, "table": table, "plan": plan}
    prefix = re.sub(r"\{(\w+)\}", lambda field: fields[field[1]], template)
    return prefix if not prefix or prefix.endswith("/") else prefix + "/"


def export_prefix(prefix: str) -> str | None:
    """``S3Prefix`` of an export request: AWS joins it with ``/``; none at all for the bucket's root."""
    return prefix.rstrip("/") or None
