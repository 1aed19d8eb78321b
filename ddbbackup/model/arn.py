"""Amazon Resource Names: one type and one parser."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ddbbackup.errors import Refused


@dataclass(frozen=True, slots=True, order=True)
class Arn:
    """``arn:partition:service:region:account:resource``; ``str`` gives the text back.

    ``region`` and ``account`` are empty for services that name resources without them: S3 buckets have neither,
    IAM roles have no region (AWS General Reference, "Amazon Resource Names"). Only ``resource`` may hold colons.
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Raises ``Refused`` unless the text has the six parts of an ARN."""
        parts = text.split(":", 5)
        if len(parts) < 6 or parts[0] != "arn" or not parts[1] or not parts[2] or not parts[5]:
            raise Refused(
                f"{text!r} is not an ARN",
                hint="use the full ARN: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE",
            )
        return cls(*parts[1:])

    @classmethod
    def parse_if_arn(cls, text: str) -> Arn | None:
        """None for anything that is not an ARN, such as the id or the alias of a KMS key."""
        try:
            return cls.parse(text)
        except Refused:
            return None

    @classmethod
    def of_table(cls, name: str, *, partition: str, region: str, account: str) -> Arn:
        """The ARN of a DynamoDB table; ``name`` may be a pattern of an IAM policy."""
        return cls(partition, "dynamodb", region, account, f"table/{name}")

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @property
    def resource_id(self) -> str:
        """The last part of the resource's path: the name of a role, the id of an import, the label of a stream."""
        return self.resource.rpartition("/")[2]

    @property
    def table(self) -> Arn:
        """The table that this resource is, or belongs to. Raises ``Refused`` if it belongs to no DynamoDB table."""
        return replace(self, resource=f"table/{self.table_name}")

    @property
    def table_name(self) -> str:
        """Raises ``Refused`` if the resource is not a DynamoDB table and does not belong to one."""
        kind, _, path = self.resource.partition("/")
        name = path.partition("/")[0]
        if self.service != "dynamodb" or kind != "table" or not name:
            raise Refused(
                f"{self} does not belong to a DynamoDB table",
                hint="use an ARN of the form arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME",
            )
        return name

    @property
    def export_id(self) -> str | None:
        """Of ``table/NAME/export/ID``; None for any other resource."""
        return self._below_table("export")

    @property
    def index_name(self) -> str | None:
        """Of ``table/NAME/index/INDEX``; None for any other resource."""
        return self._below_table("index")

    def below(self, kind: str, name: str) -> Arn:
        """A resource of a table: ``index/by-customer``, ``stream/*``."""
        return replace(self, resource=f"{self.resource}/{kind}/{name}")

    def moved_to(self, place: Arn) -> Arn:
        """The same resource in the partition, region and account of another ARN."""
        return replace(self, partition=place.partition, region=place.region, account=place.account)

    def _below_table(self, kind: str) -> str | None:
        parts = self.resource.split("/", 3)
        if self.service == "dynamodb" and len(parts) == 4 and parts[0] == "table" and parts[2] == kind:
            return parts[3]
        return None
