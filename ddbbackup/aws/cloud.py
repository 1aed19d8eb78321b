"""AWS in one account and region: identity, tables and their settings, exports, objects."""

from __future__ import annotations

import threading
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from ddbbackup.aws.buckets import S3Buckets
from ddbbackup.aws.bulk_puts import DynamoBulkPuts
from ddbbackup.aws.error_map import explained
from ddbbackup.aws.exports import DynamoExports
from ddbbackup.aws.imports import DynamoImports
from ddbbackup.aws.kms import Kms
from ddbbackup.aws.objects import S3Objects
from ddbbackup.aws.pitr_restores import DynamoRecoveries
from ddbbackup.aws.scaling import ApplicationScaling
from ddbbackup.aws.session import Connection, is_emulated
from ddbbackup.aws.settings import DynamoSettings
from ddbbackup.aws.tables import DynamoTables
from ddbbackup.aws.topics import SnsTopics
from ddbbackup.errors import AccessDenied, NotSupported, UsageError
from ddbbackup.ports import Identity, Place

EMULATED_ACCOUNT = "000000000000"


class AwsCloud:
    """Implements ``ports.Cloud``. Clients and the identity are made when first asked for."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._lock = threading.Lock()
        self._identity: Identity | None = None

    @property
    def identity(self) -> Identity:
        with self._lock:
            if self._identity is None:
                self._identity = self._identify()
            return self._identity

    @cached_property
    def tables(self) -> DynamoTables:
        return DynamoTables(self._client("dynamodb"), lambda: self.identity)

    @cached_property
    def settings(self) -> DynamoSettings:
        return DynamoSettings(self._client("dynamodb"))

    @cached_property
    def scaling(self) -> ApplicationScaling:
        return ApplicationScaling(lambda: self._beside_dynamodb("application-autoscaling"))

    @cached_property
    def exports(self) -> DynamoExports:
        return DynamoExports(self._client("dynamodb"))

    @cached_property
    def imports(self) -> DynamoImports:
        return DynamoImports(self._client("dynamodb"))

    @cached_property
    def bulk_puts(self) -> DynamoBulkPuts:
        return DynamoBulkPuts(self._client("dynamodb"))

    @cached_property
    def recoveries(self) -> DynamoRecoveries:
        return DynamoRecoveries(self._client("dynamodb"))

    @cached_property
    def objects(self) -> S3Objects:
        return S3Objects(self._client("s3"))

    @cached_property
    def buckets(self) -> S3Buckets:
        return S3Buckets(self._client("s3"))

    @cached_property
    def topics(self) -> SnsTopics:
        return SnsTopics(lambda region: self._beside_dynamodb("sns", region=region))

    def kms_keys(self, region: str) -> Kms:
        """Raises ``NotSupported`` instead of asking AWS about what a server of the user's own was told."""
        return Kms(self._beside_dynamodb("kms", region=region))

    def server_time(self) -> datetime | None:
        """The Date header of a GetCallerIdentity, or of a DescribeLimits where there is no STS."""
        if self._without_sts:
            with explained("ask DynamoDB for the time"):
                headers = self._client("dynamodb").describe_limits()["ResponseMetadata"]["HTTPHeaders"]
        else:
            with explained("ask STS for the time"):
                headers = self._client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
        date = headers.get("date")
        return parsedate_to_datetime(date) if date else None

    def at(self, place: Place) -> AwsCloud:
        connection = self.connection.at(place)
        return self if connection == self.connection else AwsCloud(connection)

    def _client(self, service: str, *, region: str | None = None) -> Any:
        with explained(f"connect to {service}"):
            return self.connection.client(service, region=region)

    def _beside_dynamodb(self, service: str, *, region: str | None = None) -> Any:
        """A client of a service that belongs to the same tables. A server of the user's own has none but its own."""
        if is_emulated(self.connection) and self.connection.endpoint_url(service) is None:
            raise NotSupported(
                f"there is no {service} beside the DynamoDB of this plan",
                hint=f"name one in `aws.endpoint_urls.{service}`, if there is one",
            )
        return self._client(service, region=region)

    @property
    def _without_sts(self) -> bool:
        return is_emulated(self.connection) and self.connection.endpoint_url("sts") is None

    def _identify(self) -> Identity:
        """GetCallerIdentity, unless DynamoDB is a server of the user's own that has no STS beside it."""
        connection = self.connection
        with explained("open a session"):
            region = connection.boto_session().region_name
        if region is None:
            raise UsageError("no region is set", hint="set `aws.region` in the plan, or AWS_REGION")
        if self._without_sts:
            arn = f"arn:aws:iam::{EMULATED_ACCOUNT}:root"
            found = Identity(EMULATED_ACCOUNT, arn, "aws", region)
        else:
            with explained("find out whose credentials these are"):
                answer = self._client("sts").get_caller_identity()
            found = Identity(answer["Account"], answer["Arn"], answer["Arn"].split(":")[1], region)
        if connection.account is not None and found.account != connection.account:
            raise AccessDenied(
                f"the credentials are of account {found.account} ({found.arn}), but this must run in "
                f"{connection.account} and nowhere else",
                hint="use credentials of that account, or correct `account` in the plan",
            )
        return found
