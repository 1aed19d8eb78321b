"""AWS as seen with one set of credentials in one region."""

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
from ddbbackup.ports.pitr_restores import Recoveries
from ddbbackup.ports.settings import Scaling, Settings
from ddbbackup.ports.tables import Tables
from ddbbackup.ports.topics import Topics


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the credentials belong to: ``GetCallerIdentity``, with the partition taken from its ARN."""

    account: str
    arn: str
    partition: str
    region: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where to work: what a restore target may override of the plan's ``aws`` section."""

    region: str | None = None
    account: str | None = None
    role_arn: str | None = None
    external_id: str | None = None


class Cloud(Protocol):
    """AWS as seen with one set of credentials in one region."""

    @property
    def identity(self) -> Identity:
        """Raises ``AccessDenied`` without credentials or when the account is not the plan's."""

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
    def recoveries(self) -> Recoveries: ...
    @property
    def objects(self) -> Objects: ...
    @property
    def buckets(self) -> Buckets: ...
    @property
    def topics(self) -> Topics: ...

    def kms_keys(self, region: str) -> KmsKeys:
        """Those of a region, for a bucket's key has to be in the bucket's.

        Raises ``NotSupported`` where DynamoDB is a server of the user's own with no KMS beside it.
        """

    def server_time(self) -> datetime | None:
        """What time it is for AWS, to the second; None if its answer does not say."""

    def at(self, place: Place) -> Cloud:
        """The same, elsewhere."""
