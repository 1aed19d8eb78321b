"""Removes what runs of the suite made: everything in the account whose name begins with a prefix.

It asks AWS what is there, and trusts no list of its own, so that it also removes what a killed run left. Two things
cannot be removed at once, and cost nothing: the system backups of deleted tables with point-in-time recovery, which
AWS keeps for 35 days, and KMS keys, whose deletion takes seven days.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from tests.live.stage import PREFIX, ROLE_PATH, error_of, make_client

IMPORT_LOGS: Final = (
    "/aws-dynamodb/imports"  # the log group of all imports of an account (DynamoDB guide: Import)
)
_RUN: Final = re.compile(re.escape(PREFIX) + r"([0-9]{8}-[0-9]{6})-[0-9a-f]{4}-")
_BUSY: Final = (
    "ResourceInUseException",
    "LimitExceededException",
    "ThrottlingException",
    "ConcurrentModificationException",
    "BucketNotEmpty",
    "OperationAborted",
    "DeleteConflict",
    "InternalServerError",
    "ValidationException",  # deletion protection that is still being disabled; a replica that is being removed
)
_GONE: Final = (
    "ResourceNotFoundException",
    "NoSuchBucket",
    "NoSuchEntity",
    "NotFoundException",
    "ObjectNotFoundException",
    "PolicyNotFoundException",
)
_ATTEMPTS: Final = 90
_TABLES_AT_A_TIME: Final = 8


@dataclass(frozen=True)
class Leftover:
    """One thing that a run made. ``name`` begins with the prefix of its run."""

    kind: str
    name: str
    region: str
    remove: Callable[[], object]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} in {self.region}"

    @property
    def began(self) -> datetime | None:
        """When its run began."""
        match = _RUN.match(self.name)
        return datetime.strptime(match[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC) if match else None


@dataclass(frozen=True)
class Cleaner:
    """Finds and removes what has the prefix, in both regions of the suite. ``pause_seconds``: between attempts."""

    session: boto3.Session
    regions: tuple[str, str]
    prefix: str = PREFIX
    pause_seconds: float = 10.0

    def leftovers(self) -> list[Leftover]:
        """In the order in which they have to be removed."""
        here, there = self.regions
        found: list[Leftover] = []
        for region in (here, there):
            found += self._scaling(region)
        for region in (here, there):  # first the tables that have replicas
            found += self._tables(region)
        for region in (here, there):
            found += self._streams(region)
            found += self._import_logs(region)
            found += self._keys(region)
            found += self._topics(region)
        return [*found, *self._buckets(), *self._roles()]

    def remove_all(self, say: Callable[[str], None] = lambda text: None) -> list[str]:
        """Removes everything, and returns what is left, with the reason."""
        failed: dict[str, str] = {}
        for _ in range(3):  # a job that was running may have written after its bucket was emptied
            found = self.leftovers()
            if not found:
                return []
            failed = {}
            for (kind, _), group in groupby(found, lambda each: (each.kind, each.region)):
                # AWS needs long for each table; what takes no time is removed one by one.
                with ThreadPoolExecutor(_TABLES_AT_A_TIME if kind == "table" else 1) as pool:
                    for each, problem in pool.map(self._remove, group):
                        say(f"removed {each}" if problem is None else f"cannot remove {each}: {problem}")
                        if problem is not None:
                            failed[str(each)] = problem
        return [f"{each}: {failed.get(str(each), 'it was made again')}" for each in self.leftovers()]

    def _remove(self, leftover: Leftover) -> tuple[Leftover, str | None]:
        """The leftover, and why it could not be removed."""
        try:
            self._patiently(leftover.remove)
        except ClientError as error:
            return leftover, str(error)
        return leftover, None

    def _patiently(self, remove: Callable[[], object]) -> None:
        """Tables cannot be deleted while a job or a change of them is running."""
        for attempt in range(_ATTEMPTS):
            try:
                remove()
            except ClientError as error:
                code = error_of(error)["code"]
                if code in _GONE:
                    return
                if code not in _BUSY or attempt == _ATTEMPTS - 1:
                    raise
            else:
                return
            time.sleep(self.pause_seconds)

    def _client(self, service: str, region: str) -> Any:
        return make_client(self.session, service, region)

    def _pages(self, client: Any, operation: str, member: str, **parameters: Any) -> Iterator[Any]:
        for page in client.get_paginator(operation).paginate(**parameters):
            yield from page.get(member) or ()

    # ---- DynamoDB and what works on its tables

    def _tables(self, region: str) -> Iterator[Leftover]:
        client = self._client("dynamodb", region)
        for name in self._pages(client, "list_tables", "TableNames"):
            if name.startswith(self.prefix):
                yield Leftover("table", name, region, partial(self._delete_table, client, name))

    def _delete_table(self, client: Any, name: str) -> None:
        """Removes first what keeps it: a policy, replicas, protection. Returns when it is gone."""
        table = client.describe_table(TableName=name)["Table"]
        if table["TableStatus"] != "DELETING":
            self._release(client, table)
            client.delete_table(TableName=name)
        for _ in range(_ATTEMPTS):
            client.describe_table(TableName=name)  # raises when it is gone
            time.sleep(self.pause_seconds)

    def _release(self, client: Any, table: dict[str, Any]) -> None:
        name = table["TableName"]
        try:
            client.delete_resource_policy(ResourceArn=table["TableArn"])
        except ClientError as error:
            if error_of(error)["code"] not in _GONE:
                raise
        if table.get("DeletionProtectionEnabled"):
            client.update_table(TableName=name, DeletionProtectionEnabled=False)
        own = table["TableArn"].split(":")[3]
        for replica in table.get("Replicas") or ():
            if replica["RegionName"] != own and replica.get("ReplicaStatus") != "DELETING":
                change = {"Delete": {"RegionName": replica["RegionName"]}}
                self._patiently(partial(client.update_table, TableName=name, ReplicaUpdates=[change]))

    def _scaling(self, region: str) -> Iterator[Leftover]:
        """Auto scaling survives its table (observed on AWS). Its policies go with the target."""
        client = self._client("application-autoscaling", region)
        for target in self._pages(
            client, "describe_scalable_targets", "ScalableTargets", ServiceNamespace="dynamodb"
        ):
            which = {key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
            name = which["ResourceId"].removeprefix("table/")
            if name.startswith(self.prefix):
                yield Leftover("scalable target", name, region, partial(self._unscale, client, which))

    def _unscale(self, client: Any, which: dict[str, str]) -> None:
        for operation, member, name, delete in (
            (
                "describe_scaling_policies",
                "ScalingPolicies",
                "PolicyName",
                client.delete_scaling_policy,
            ),
            (
                "describe_scheduled_actions",
                "ScheduledActions",
                "ScheduledActionName",
                client.delete_scheduled_action,
            ),
        ):
            for each in self._pages(client, operation, member, **which):
                if all(each[key] == value for key, value in which.items()):
                    delete(**{name: each[name]}, **which)
        client.deregister_scalable_target(**which)

    def _streams(self, region: str) -> Iterator[Leftover]:
        client = self._client("kinesis", region)
        for name in _stream_names(client):
            if name.startswith(self.prefix):
                yield Leftover(
                    "Kinesis stream",
                    name,
                    region,
                    partial(client.delete_stream, StreamName=name, EnforceConsumerDeletion=True),
                )

    def _import_logs(self, region: str) -> Iterator[Leftover]:
        """The log streams of our imports; the group too, if only they were in it."""
        logs, dynamodb = self._client("logs", region), self._client("dynamodb", region)
        try:
            streams = [
                each["logStreamName"]
                for each in self._pages(logs, "describe_log_streams", "logStreams", logGroupName=IMPORT_LOGS)
            ]
        except ClientError as error:
            if error_of(error)["code"] in _GONE:
                return
            raise
        ours = dict(self._imports(dynamodb)) if streams else {}
        left = len(streams)
        for stream in streams:
            table = ours.get(stream.split("/")[0])
            if table is None:
                continue
            left -= 1
            yield Leftover(
                "import log",
                table,
                region,
                partial(_delete_log, logs, stream, with_group=left == 0),
            )

    def _imports(self, client: Any) -> Iterator[tuple[str, str]]:
        """The ids of our imports, and their tables. AWS lists imports of 90 days, and has no paginator for them."""
        token: dict[str, str] = {}
        while True:
            page = client.list_imports(PageSize=25, **token)
            for each in page["ImportSummaryList"]:
                _, table, _, identity = each["ImportArn"].rsplit(":", 1)[1].split("/")
                if table.startswith(self.prefix):
                    yield identity, table
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    # ---- the rest

    def _keys(self, region: str) -> Iterator[Leftover]:
        client = self._client("kms", region)
        for each in self._pages(client, "list_keys", "Keys"):
            key = client.describe_key(KeyId=each["KeyId"])["KeyMetadata"]
            if key["Description"].startswith(self.prefix) and key["KeyState"] != "PendingDeletion":
                yield Leftover(
                    "KMS key",
                    key["Description"],
                    region,
                    partial(client.schedule_key_deletion, KeyId=each["KeyId"], PendingWindowInDays=7),
                )

    def _topics(self, region: str) -> Iterator[Leftover]:
        client = self._client("sns", region)
        for each in self._pages(client, "list_topics", "Topics"):
            arn = each["TopicArn"]
            name = arn.rsplit(":", 1)[1]
            if name.startswith(self.prefix):
                yield Leftover("SNS topic", name, region, partial(client.delete_topic, TopicArn=arn))

    def _buckets(self) -> Iterator[Leftover]:
        client = self._client("s3", self.regions[0])
        for each in client.list_buckets()["Buckets"]:
            name = each["Name"]
            if name.startswith(self.prefix):
                region = client.get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"
                yield Leftover(
                    "bucket",
                    name,
                    region,
                    partial(_delete_bucket, self._client("s3", region), name),
                )

    def _roles(self) -> Iterator[Leftover]:
        client = self._client("iam", self.regions[0])
        for each in self._pages(client, "list_roles", "Roles", PathPrefix=ROLE_PATH):
            name = each["RoleName"]
            if name.startswith(self.prefix):
                yield Leftover("role", name, "IAM", partial(self._delete_role, client, name))

    def _delete_role(self, client: Any, name: str) -> None:
        for policy in self._pages(client, "list_role_policies", "PolicyNames", RoleName=name):
            client.delete_role_policy(RoleName=name, PolicyName=policy)
        client.delete_role(RoleName=name)


def _delete_log(client: Any, stream: str, *, with_group: bool) -> None:
    client.delete_log_stream(logGroupName=IMPORT_LOGS, logStreamName=stream)
    if with_group:
        client.delete_log_group(logGroupName=IMPORT_LOGS)


def _delete_bucket(client: Any, name: str) -> None:
    """Every version of every object, also those that Object Lock holds in governance mode."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
        for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            client.delete_object(
                Bucket=name, Key=each["Key"], VersionId=each["VersionId"], BypassGovernanceRetention=True
            )
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=name):
        for each in page.get("Uploads") or ():
            client.abort_multipart_upload(Bucket=name, Key=each["Key"], UploadId=each["UploadId"])
    client.delete_bucket(Bucket=name)


def _stream_names(client: Any) -> Iterator[str]:
    """By the last name of each page: emulators do not have the tokens that the SDK's paginator wants."""
    start: dict[str, str] = {}
    while True:
        page = client.list_streams(Limit=100, **start)
        yield from page["StreamNames"]
        if not page["HasMoreStreams"] or not page["StreamNames"]:
            return
        start = {"ExclusiveStartStreamName": page["StreamNames"][-1]}
