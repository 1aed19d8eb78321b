"""Where the backups of one table are: their data, and their records."""

from __future__ import annotations

from dataclasses import dataclass, field

from ddbbackup.archive.layout import (
    DOCUMENTS_FOLDER,
    SUMMARY_FILE,
    ExportFolder,
    destination_root,
    record_key,
    records_prefix,
    render_prefix,
)
from ddbbackup.model.arn import Arn
from ddbbackup.model.encryption import Encryption
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Destination
from ddbbackup.ports import Identity


@dataclass(frozen=True, slots=True)
class Location:
    """The backups of one table of one account and region, in one destination of one plan.

    ``prefix`` (of the data) and ``root`` (of the records) end in ``/`` unless they are empty. The plan and the caller
    say where this is; no record does.
    """

    bucket: str
    prefix: str
    root: str
    plan: str
    partition: str
    account: str
    region: str
    table: str
    bucket_owner: str | None = None
    encryption: Encryption = field(default_factory=Encryption)

    @property
    def uri(self) -> str:
        return S3Location(self.bucket, self.records).uri

    @property
    def table_arn(self) -> str:
        return str(Arn(self.partition, "dynamodb", self.region, self.account, f"table/{self.table}"))

    @property
    def records(self) -> str:
        """The prefix of the records."""
        return records_prefix(self.root, self.plan, self.account, self.region, self.table)

    def export_folder(self, export_arn: str) -> ExportFolder | None:
        """Where DynamoDB writes an export into ``prefix``; None for a text that is not the ARN of an export."""
        arn = Arn.parse_if_arn(export_arn)
        if arn is None or arn.export_id is None:
            return None
        return ExportFolder(self.bucket, f"{self.prefix}AWSDynamoDB/{arn.export_id}/")

    def record_key(self, backup_id: str) -> str:
        return record_key(self.root, self.plan, self.account, self.region, self.table, backup_id)

    def document_key(self, sha256: str) -> str:
        """Of a document with the description or the settings of the table."""
        return f"{self.records}{DOCUMENTS_FOLDER}/{sha256}.json"

    @property
    def summary_key(self) -> str:
        """Of the document that says what is known of the records."""
        return f"{self.records}{SUMMARY_FILE}"

    def relative(self, key: str) -> str:
        """A key below the root, as records name it: a vault that is copied as a whole is a vault."""
        return key.removeprefix(self.root)

    def absolute(self, relative_key: str) -> str:
        return self.root + relative_key


def locate(destination: Destination, identity: Identity, *, table: str, plan: str) -> Location:
    """Where the backups of one table are, in the account and region of the identity."""
    return Location(
        bucket=destination.bucket,
        prefix=render_prefix(
            destination.prefix, account=identity.account, region=identity.region, table=table, plan=plan
        ),
        root=destination_root(destination.prefix),
        plan=plan,
        partition=identity.partition,
        account=identity.account,
        region=identity.region,
        table=table,
        bucket_owner=destination.bucket_owner,
        encryption=destination.encryption,
    )
