"""One run of the suite on one account: its names, its clients, and what its parts share.

Everything that is made has a name that begins with the prefix of the run, so that ``cleanup`` finds it. KMS keys have
no names: their description begins with it.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.session import Connection
from tests.live.data import ITEMS, Item
from tests.live.program import Program, Stopped
from tests.support.launcher import Launcher

PREFIX: Final = "ddbbackup-live-"
ROLE_PATH: Final = "/ddbbackup-live/"
MINUTES: Final = 45.0  # after which a job or a change counts as one that never ends
T = TypeVar("T")
_BUSY: Final = (
    "ResourceInUseException",
    "ContinuousBackupsUnavailableException",
    "LimitExceededException",
    "ThrottlingException",
    "ObjectNotFoundException",
    "InternalServerError",
)


def new_run() -> str:
    """The id of a run. It begins with the time, so that what a run left behind shows its age."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def is_emulated(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment directs the SDK to a server on this machine."""
    url = environment.get("AWS_ENDPOINT_URL") or environment.get("AWS_ENDPOINT_URL_DYNAMODB") or ""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


_ON_DEMAND_WITH_KEYS: Final[Mapping[str, Any]] = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "at", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "at", "AttributeType": "N"},
    ],
}


class Shared:
    """Values that are made once, by the first part of the suite that needs them."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, name: str, make: Callable[[], T]) -> T:
        """If making it fails, every part that needs it fails with the same error."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self._values:
                try:
                    self._values[name] = make()
                except Exception as error:
                    self._values[name] = error
                    raise
        value: T = self._values[name]
        if isinstance(value, Exception):
            raise value
        return value


@dataclass(frozen=True)
class Stage:
    """``region`` is where the tables are, ``other_region`` where replicas are made.

    Setting ``stopping`` ends every part of the suite with ``Stopped``.
    """

    account: str
    partition: str
    region: str
    other_region: str
    run: str
    emulated: bool
    session: boto3.Session
    launcher: Launcher
    stopping: threading.Event = field(default_factory=threading.Event)
    shared: Shared = field(default_factory=Shared)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    # IAM allows few changes a second, and that of the sandbox allows none at the same time.
    _iam: threading.Lock = field(default_factory=threading.Lock)
    _directory: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix=PREFIX)
    )

    # ---- names and clients

    @property
    def prefix(self) -> str:
        return f"{PREFIX}{self.run}-"

    def name(self, suffix: str) -> str:
        return self.prefix + suffix

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        region = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"

    def own_resources(self) -> list[str]:
        """Patterns for every table and bucket of this run, with what is below them."""
        return [self.table_arn(f"{self.prefix}*"), f"arn:{self.partition}:s3:::{self.prefix}*"]

    def table_arn(self, table: str) -> str:
        return self.arn("dynamodb", f"table/{table}")

    def client(self, service: str, region: str | None = None) -> Any:
        """With the credentials of the caller, and with many retries: the suite makes many changes at a time."""
        key = (service, region or self.region)
        with self._lock:  # making clients from one session is not thread-safe (boto3 guide: Session)
            if key not in self._clients:
                self._clients[key] = make_client(self.session, *key)
            return self._clients[key]

    @property
    def dynamodb(self) -> Any:
        return self.client("dynamodb")

    @property
    def s3(self) -> Any:
        return self.client("s3")

    def cloud(self) -> AwsCloud:
        """The adapters of ddbbackup, as a plan with this region and account makes them."""
        return AwsCloud(Connection(region=self.region, account=self.account))

    # ---- time

    def pause(self, seconds: float) -> None:
        """For what AWS needs and the sandbox does not: jobs and grants of the sandbox take effect at once."""
        if not self.emulated:
            self._sleep(seconds)

    def _sleep(self, seconds: float) -> None:
        """Raises ``Stopped`` at once if the suite is interrupted."""
        if self.stopping.wait(max(0.0, seconds)):
            raise Stopped("the suite was interrupted")

    def until(
        self, look: Callable[[], T | None], what: str, *, minutes: float = MINUTES, seconds: float = 10.0
    ) -> T:
        """The first answer that is not None. Raises ``AssertionError`` if there is none within so many minutes."""
        deadline = time.monotonic() + (60.0 if self.emulated else minutes * 60)
        while True:
            found = look()
            if found is not None:
                return found
            assert time.monotonic() < deadline, f"{what}: not within {minutes:g} minutes"
            self._sleep(0.1 if self.emulated else seconds)

    def retrying(self, call: Callable[..., T], *codes: str, minutes: float = MINUTES, **parameters: Any) -> T:
        """Calls again while AWS says that it is busy, or answers with one of ``codes``."""
        deadline = time.monotonic() + (60.0 if self.emulated else minutes * 60)
        while True:
            try:
                return call(**parameters)
            except ClientError as error:
                if error_of(error)["code"] not in (*_BUSY, *codes) or time.monotonic() > deadline:
                    raise
            self._sleep(0.2 if self.emulated else 10.0)

    # ---- making things

    def make_table(
        self, suffix: str, *, items: Sequence[Item] = (), pitr: bool = False, **members: Any
    ) -> str:
        """An on-demand table with the keys ``id`` (S) and ``at`` (N), unless ``members`` say otherwise.

        Recovery is enabled after the items are in: AWS restores to no instant before that.
        """
        name = self.name(suffix)
        parameters: dict[str, Any] = {
            **_ON_DEMAND_WITH_KEYS,
            **members,
        }
        self.retrying(self.dynamodb.create_table, TableName=name, **parameters)
        self.idle_table(name)
        for each in items:
            self.put(name, each)
        if pitr:
            self.retrying(
                self.dynamodb.update_continuous_backups,
                TableName=name,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )
        return name

    def import_table(self, name: str, prefix: str, *, seconds: float) -> dict[str, Any]:
        """Imports gzipped DynamoDB JSON below a prefix of the vault, and describes the import when it has ended."""
        started = self.dynamodb.import_table(
            S3BucketSource={"S3Bucket": self.vault(), "S3KeyPrefix": prefix},
            InputFormat="DYNAMODB_JSON",
            InputCompressionType="GZIP",
            TableCreationParameters={"TableName": name, **_ON_DEMAND_WITH_KEYS},
        )
        arn = started["ImportTableDescription"]["ImportArn"]

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]
            return None if found["ImportStatus"] == "IN_PROGRESS" else found

        return self.until(look, "the import ends", seconds=seconds)

    def put(self, table: str, item: Item) -> None:
        """Requests for items may not know a table for a while after it turned ACTIVE."""
        self.retrying(
            self.dynamodb.put_item, "ResourceNotFoundException", TableName=table, Item=item, minutes=2
        )

    def idle_table(self, name: str, region: str | None = None) -> dict[str, Any]:
        """The description of a table that exists, when no change of it is running."""
        client = self.client("dynamodb", region)

        def look() -> dict[str, Any] | None:
            try:
                table: dict[str, Any] = client.describe_table(TableName=name)["Table"]
            except client.exceptions.ResourceNotFoundException:
                return None
            text = json.dumps(table, default=str)
            busy = any(f'"{state}"' in text for state in ("CREATING", "UPDATING", "DELETING"))
            return None if busy or table["TableStatus"] != "ACTIVE" else table

        return self.until(look, f"table {name} is ACTIVE", seconds=5)

    def delete_table(self, name: str) -> None:
        """Returns when requests for the table no longer find it."""
        self.retrying(self.dynamodb.delete_table, TableName=name)

        def look() -> bool | None:
            try:
                self.dynamodb.describe_table(TableName=name)
            except self.dynamodb.exceptions.ResourceNotFoundException:
                return True
            return None

        self.until(look, f"table {name} is deleted")

    def items(self, table: str) -> list[Item]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    def make_bucket(self, suffix: str, region: str | None = None, **members: Any) -> str:
        name, region = self.name(suffix), region or self.region
        if region != "us-east-1":  # which has no location constraint (S3 API: CreateBucket)
            members["CreateBucketConfiguration"] = {"LocationConstraint": region}
        self.client("s3", region).create_bucket(Bucket=name, **members)
        return name

    def make_key(self, suffix: str, region: str | None = None) -> str:
        """The ARN of a symmetric KMS key, which cleanup finds by its description."""
        created = self.client("kms", region).create_key(Description=self.name(suffix))
        return str(created["KeyMetadata"]["Arn"])

    def make_role(self, suffix: str, *policies: Mapping[str, Any]) -> str:
        """The ARN of a role that the account may assume. Returns when its policies are likely in force."""
        trust: dict[str, Any] = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{self.partition}:iam::{self.account}:root"},
            "Action": "sts:AssumeRole",
        }
        with self._iam:
            made = self.client("iam").create_role(
                RoleName=self.role_name(suffix),
                Path=ROLE_PATH,
                AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
                MaxSessionDuration=3600,
            )
        self.set_policies(suffix, *policies)
        return str(made["Role"]["Arn"])

    def set_policies(self, suffix: str, *policies: Mapping[str, Any]) -> None:
        """IAM is eventually consistent: what it allows and denies changes within seconds (IAM guide)."""
        with self._iam:
            for number, policy in enumerate(policies):
                self.client("iam").put_role_policy(
                    RoleName=self.role_name(suffix),
                    PolicyName=f"p{number}",
                    PolicyDocument=json.dumps(policy),
                )
        self.pause(30)

    def role_name(self, suffix: str) -> str:
        return self.name(suffix)[:64]

    def assume(self, role: str, seconds: int = 3600) -> boto3.Session:
        """The credentials of a role."""
        keys = self.retrying(
            self.client("sts").assume_role,
            "AccessDenied",
            RoleArn=role,
            RoleSessionName="live",
            DurationSeconds=seconds,
            minutes=2,
        )["Credentials"]
        return boto3.Session(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=self.region
        )

    # ---- the program

    def program(self, suffix: str) -> Program:
        """``ddbbackup`` with a working directory and a state of its own."""
        directory = Path(self._directory.name, suffix)
        directory.mkdir()
        return Program(directory, self.launcher, self.stopping)

    def plan(self, *, bucket: str, tables: Sequence[str], **members: Any) -> str:
        """A plan for this account, as JSON, which is valid YAML. ``aws`` of ``members`` extends its section."""
        where = {"region": self.region, "account": self.account, **members.pop("aws", {})}
        document = {
            "version": 1,
            "name": "live",
            "aws": where,
            "destinations": {"vault": {"bucket": bucket, "prefix": "ddb/{table}/"}},
            "tables": [{"name": table} for table in tables],
        }
        return json.dumps(document | members, indent=2)

    # ---- what parts share

    def vault(self) -> str:
        """A bucket."""
        return self.shared.get("vault", lambda: self.make_bucket("vault"))

    def source(self) -> str:
        """A table with all items and with point-in-time recovery. Nothing changes it."""
        return self.shared.get("source", lambda: self.make_table("source", items=ITEMS, pitr=True))

    def source_export(self) -> dict[str, Any]:
        """DescribeExport of a full export of ``source``, which ddbbackup did not start."""
        return self.shared.get("export", lambda: self.export(self.source(), S3Prefix="plain"))

    def export(self, table: str, **members: Any) -> dict[str, Any]:
        """DescribeExport of an export at its end, whatever the end."""
        parameters = {"TableArn": self.table_arn(table), "S3Bucket": self.vault(), **members}
        started = self.retrying(self.dynamodb.export_table_to_point_in_time, **parameters)
        return self.ended_export(started["ExportDescription"]["ExportArn"])

    def ended_export(self, arn: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.dynamodb.describe_export(ExportArn=arn)["ExportDescription"]
            return None if found["ExportStatus"] == "IN_PROGRESS" else found

        return self.until(look, f"the export {arn} ends", seconds=20)

    def keys(self, bucket: str, prefix: str = "") -> list[dict[str, Any]]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [each for page in pages for each in page.get("Contents", ())]

    def read(self, bucket: str, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def make_client(session: boto3.Session, service: str, region: str) -> Any:
    config = Config(retries={"mode": "adaptive", "total_max_attempts": 10})
    return session.client(service, region_name=region, config=config)  # type: ignore[call-overload]


def error_of(error: ClientError) -> dict[str, str]:
    """What AWS answered, in the form of an answer to a question."""
    details = error.response["Error"]
    return {"code": details.get("Code", ""), "message": details.get("Message", "")}
