"""AWS in one account and region: the identity, and an adapter for each service."""

from __future__ import annotations

import threading
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final

from ddbbackup.aws.buckets import S3Buckets
from ddbbackup.aws.bulk_puts import DynamoBulkPuts
from ddbbackup.aws.error_map import translate_errors
from ddbbackup.aws.exports import DynamoExports
from ddbbackup.aws.imports import DynamoImports
from ddbbackup.aws.kms import Kms
from ddbbackup.aws.objects import S3Objects
from ddbbackup.aws.pitr_restores import DynamoPitrRestores
from ddbbackup.aws.scaling import ApplicationScaling
from ddbbackup.aws.sdk_session import Region
from ddbbackup.aws.session import Connection, is_aws_url, known_regions
from ddbbackup.aws.settings import DynamoSettings
from ddbbackup.aws.snapshots import DynamoSnapshots
from ddbbackup.aws.tables import DynamoTables
from ddbbackup.aws.tagging import ResourceTags
from ddbbackup.aws.topics import SnsTopics
from ddbbackup.errors import AccessDenied, NotSupported, Unreachable, UsageError
from ddbbackup.model.arn import Arn
from ddbbackup.ports import Identity, Place
from ddbbackup.suggestions import suggest

EMULATED_ACCOUNT: Final = "000000000000"


class AwsCloud:
    """Implements ``ports.Cloud``. Makes clients, and reads the identity, when they are first needed."""

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
        return ApplicationScaling(lambda: self._companion("application-autoscaling"))

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
    def pitr_restores(self) -> DynamoPitrRestores:
        return DynamoPitrRestores(self._client("dynamodb"))

    @cached_property
    def snapshots(self) -> DynamoSnapshots:
        return DynamoSnapshots(self._client("dynamodb"), self._client("dynamodb", retries=False))

    @cached_property
    def objects(self) -> S3Objects:
        return S3Objects(self._client("s3"))

    @cached_property
    def buckets(self) -> S3Buckets:
        return S3Buckets(self._client("s3"))

    @cached_property
    def topics(self) -> SnsTopics:
        return SnsTopics(lambda region: self._companion("sns", region=region))

    @cached_property
    def tagging(self) -> ResourceTags:
        return ResourceTags(lambda: self._companion("resourcegroupstaggingapi"))

    def kms_keys(self, region: str) -> Kms:
        """Raises ``NotSupported`` for an emulated DynamoDB: AWS must not be asked about keys of an emulator."""
        return Kms(self._companion("kms", region=region))

    def server_time(self) -> datetime | None:
        """The Date header of GetCallerIdentity, or of DescribeLimits where there is no STS."""
        if self._without_sts:
            with translate_errors("read the time from DynamoDB"):
                headers = self._client("dynamodb").describe_limits()["ResponseMetadata"]["HTTPHeaders"]
        else:
            with translate_errors("read the time from STS"):
                headers = self._client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
        date = headers.get("date")
        return parsedate_to_datetime(date) if date else None

    def at(self, place: Place) -> AwsCloud:
        connection = self.connection.at(place)
        return self if connection == self.connection else AwsCloud(connection)

    def _client(self, service: str, *, region: str | None = None, retries: bool = True) -> Any:
        with translate_errors(f"connect to {service}"):
            try:
                return self.connection.client(service, region=region, retries=retries)
            except ValueError as error:  # what botocore raises for an invalid endpoint URL or region
                raise UsageError(
                    f"could not connect to {service}: {error}",
                    hint="correct `aws.endpoint_urls` and `aws.region` in the plan, or AWS_ENDPOINT_URL and "
                    "AWS_REGION",
                ) from error

    def _companion(self, service: str, *, region: str | None = None) -> Any:
        """A client of a service that works on the same tables. AWS must not be asked about those of an emulator."""
        client = self._client(service, region=region)
        if self._is_emulated and is_aws_url(client.meta.endpoint_url):
            raise NotSupported(
                f"cannot use {service}: DynamoDB is an emulator, and no endpoint is set for {service}",
                hint=f"set `aws.endpoint_urls.{service}` in the plan",
            )
        return client

    @cached_property
    def _is_emulated(self) -> bool:
        """By the endpoint that the SDK resolved: from the plan, the environment, or `services` of the profile."""
        return not is_aws_url(self._client("dynamodb").meta.endpoint_url)

    @cached_property
    def _without_sts(self) -> bool:
        return is_aws_url(self._client("sts").meta.endpoint_url) and self._is_emulated

    def _identify(self) -> Identity:
        """GetCallerIdentity, except for an emulated DynamoDB without an STS."""
        connection = self.connection
        with translate_errors("open an AWS session"):
            found = connection.found_region()
        if found.name is None:
            raise UsageError("no region is set", hint="set `aws.region` in the plan, or AWS_REGION")
        if self._without_sts:
            arn = Arn("aws", "iam", "", EMULATED_ACCOUNT, "root")
            identity = Identity(EMULATED_ACCOUNT, str(arn), arn.partition, found.name, found.origin)
        else:
            response = self._ask_sts(found)
            arn = Arn.parse(response["Arn"])
            identity = Identity(response["Account"], str(arn), arn.partition, found.name, found.origin)
        if connection.account is not None and identity.account != connection.account:
            raise AccessDenied(
                f"the credentials belong to account {identity.account} ({identity.arn}), "
                f"but only account {connection.account} is allowed",
                hint="use credentials of that account, or correct `aws.account` (for a target `to.account`)",
            )
        return identity

    def _ask_sts(self, region: Region) -> Any:
        """GetCallerIdentity. Raises ``Unreachable`` that names the Region if it is probably mistyped."""
        try:
            with translate_errors("identify the AWS credentials"):
                return self._client("sts").get_caller_identity()
        except Unreachable as error:
            known = known_regions()
            if region.name is None or region.name in known or self.connection.endpoint_url("sts"):
                raise
            raise Unreachable(
                f"{error}; the AWS SDK does not know the Region {region.name} (from {region.origin})",
                hint=suggest(region.name, known, otherwise="correct the Region"),
            ) from error
