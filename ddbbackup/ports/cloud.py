"""AWS in one account and region, with one set of credentials."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ddbbackup.ports.buckets import Buckets
from ddbbackup.ports.bulk_puts import BulkPuts
from ddbbackup.ports.exports import Exports
from ddbbackup.ports.imports import Imports
from ddbbackup.ports.kms import KmsKeys
from ddbbackup.ports.objects import Objects
from ddbbackup.ports.pitr_restores import PitrRestores
from ddbbackup.ports.settings import Scaling, Settings
from ddbbackup.ports.snapshots import Snapshots
from ddbbackup.ports.tables import Tables
from ddbbackup.ports.tagging import Tagging
from ddbbackup.ports.topics import Topics


@dataclass(frozen=True, slots=True)
class Identity:
    """The response of ``GetCallerIdentity``, with the partition of its ARN and the region of the connection.

    ``region_origin`` says where the region was found: ``the plan``, ``AWS_REGION``, ``the profile backup``, ….
    """

    account: str
    arn: str
    partition: str
    region: str
    region_origin: str = "the plan"


@dataclass(frozen=True, slots=True)
class Place:
    """What the target of a restore can override of the ``aws`` section of the plan."""

    region: str | None = None
    account: str | None = None
    role_arn: str | None = None
    external_id: str | None = None


class Cloud(Protocol):
    """AWS in one account and region, with one set of credentials."""

    @property
    def identity(self) -> Identity:
        """Raises ``AccessDenied`` without credentials, and if the plan allows only another account."""

    @property
    def tables(self) -> Tables: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def scaling(self) -> Scaling: ...
    @property
    def exports(self) -> Exports: ...
    @property
    def imports(self) -> Imports: ...
    @property
    def bulk_puts(self) -> BulkPuts: ...
    @property
    def pitr_restores(self) -> PitrRestores: ...
    @property
    def snapshots(self) -> Snapshots: ...
    @property
    def objects(self) -> Objects: ...
    @property
    def buckets(self) -> Buckets: ...
    @property
    def topics(self) -> Topics: ...
    @property
    def tagging(self) -> Tagging: ...

    def kms_keys(self, region: str) -> KmsKeys:
        """KMS in a region: the key of a bucket must be in the region of the bucket.

        Raises ``NotSupported`` for an emulated DynamoDB without a KMS endpoint in the plan.
        """

    def server_time(self) -> datetime | None:
        """The time of AWS, to the second; None if its response has no date."""

    def at(self, place: Place) -> Cloud:
        """AWS in another region or account, or with another role."""
