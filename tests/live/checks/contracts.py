"""The contracts of the adapters in ``ddbbackup/aws``: what they return, and what they make of errors of AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.session import Connection
from ddbbackup.errors import (
    AccessDenied,
    Conflict,
    DataIncomplete,
    DdbBackupError,
    ExportTimeInvalid,
    InUse,
    ObjectMissing,
    PitrDisabled,
    Refused,
    TableMissing,
    Throttled,
)
from ddbbackup.model.encryption import Encryption
from ddbbackup.ports import BulkPutRequest, ExportRequest, ImportRequest, PitrRestoreRequest
from tests.live import estimate
from tests.live.data import ITEMS
from tests.live.model import Check
from tests.live.stage import Stage

_KEYS: Final[dict[str, Any]] = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "at", "AttributeType": "N"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
_NOT_OURS: Final = "210987654321"  # an account that owns none of our buckets


def raises(kind: type[DdbBackupError], call: Callable[[], Any], stage: Stage) -> DdbBackupError:
    """The error that the call raises, which must be of this kind. Throttled calls are made again."""

    def look() -> DdbBackupError | None:
        try:
            found = call()
        except Throttled as error:
            return error if kind is Throttled else None
        except DdbBackupError as error:
            return error
        raise AssertionError(f"{kind.__name__} expected, but the answer was {found!r}")

    error = stage.until(look, f"an answer other than Throttled, {kind.__name__} expected", minutes=5)
    assert isinstance(error, kind), f"{kind.__name__} expected, but it was {type(error).__name__}: {error}"
    assert error.hint
    return error


def identity(stage: Stage) -> None:
    cloud = stage.cloud()
    assert cloud.identity.account == stage.account
    assert cloud.identity.region == stage.region
    here, there = datetime.now(UTC), cloud.server_time()
    if there is None:
        assert stage.emulated, "STS answers without a date"
        return
    assert abs(here - there) < timedelta(minutes=5), f"the clock of this machine is off: {here} and {there}"


def tables(stage: Stage) -> None:
    adapter, source = stage.cloud().tables, stage.source()
    missing = stage.name("never-made")
    assert source in set(adapter.names())
    facts = adapter.describe(source)
    assert (facts.name, facts.arn, facts.status) == (source, stage.table_arn(source), "ACTIVE")
    assert [(key.name, key.role, key.type) for key in facts.keys] == [
        ("id", "HASH", "S"),
        ("at", "RANGE", "N"),
    ]
    assert facts.table_id
    assert facts.description["TableId"] == facts.table_id
    window = adapter.pitr(source)
    assert window.enabled
    assert window.earliest is not None
    assert window.latest is not None
    assert window.period_days == 35
    assert adapter.holds_items(source)
    for call in (adapter.describe, adapter.pitr, adapter.holds_items, adapter.delete):
        raises(TableMissing, partial(call, missing), stage)
    raises(InUse, lambda: adapter.create({"TableName": source, **_KEYS}), stage)
    protected = stage.make_table("protected", DeletionProtectionEnabled=True)
    raises(Refused, lambda: adapter.delete(protected), stage)
    assert not adapter.holds_items(protected)
    assert not adapter.pitr(protected).enabled


def exports(stage: Stage) -> None:
    adapter, vault = stage.cloud().exports, stage.vault()
    source, off = stage.table_arn(stage.source()), stage.make_table("no-recovery")

    def start(table: str = source, bucket: str = vault, token: str = "live", **more: Any) -> Any:
        token = f"{stage.run}-{token}"
        return adapter.start(
            ExportRequest(table_arn=table, bucket=bucket, client_token=token, prefix="contract", **more)
        )

    raises(PitrDisabled, lambda: start(stage.table_arn(off), token="off"), stage)
    raises(TableMissing, lambda: start(stage.table_arn(stage.name("never-made")), token="missing"), stage)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    raises(ExportTimeInvalid, lambda: start(token="future", export_time=tomorrow), stage)
    raises(Refused, lambda: adapter.describe(f"{source}/export/01700000000000-0badcafe"), stage)

    done = stage.source_export()
    found = adapter.describe(done["ExportArn"])
    assert (found.status, found.table_arn, found.item_count) == ("COMPLETED", source, len(ITEMS))
    assert found.export_type == "FULL_EXPORT"
    assert not found.filtered
    assert found.manifest_key == done["ExportManifest"]
    first = start()
    assert start().arn == first.arn, "the same request with the same token started another export"
    raises(Conflict, lambda: start(bucket=stage.name("another")), stage)
    summaries = adapter.page(table_arn=source).summaries
    assert {first.arn, done["ExportArn"]} <= {each.arn for each in summaries}

    lost = start(bucket=stage.name("never-made"), token="lost")
    ended = stage.ended_export(lost.arn)
    assert (ended["ExportStatus"], ended["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert adapter.describe(lost.arn).failure_code == "S3NoSuchBucket"


def imports(stage: Stage) -> None:
    adapter = stage.cloud().imports
    data = _data_prefix(stage)
    name = stage.name("contract-import")

    def start(table: str = name, token: str = "import") -> Any:
        definition = {"TableName": table, **_KEYS}
        return adapter.start(
            ImportRequest(
                bucket=stage.vault(), prefix=data, table=definition, client_token=f"{stage.run}-{token}"
            )
        )

    raises(InUse, lambda: start(stage.source(), token="exists"), stage)
    unknown = f"{stage.table_arn(name)}/import/01700000000000-0badcafe"
    raises(Refused, lambda: adapter.describe(unknown), stage)
    started = start()
    raises(Conflict, lambda: start(stage.name("contract-import-2")), stage)

    def look() -> Any:
        found = adapter.describe(started.arn)
        return None if found.status == "IN_PROGRESS" else found

    ended = stage.until(look, "the import ends", seconds=20)
    assert (ended.status, ended.imported_items, ended.errors) == ("COMPLETED", len(ITEMS), 0), ended
    assert ended.processed_items == len(ITEMS)
    assert started.arn in {each.arn for each in adapter.page(table_arn=stage.table_arn(name)).summaries}


def bulk_puts(stage: Stage) -> None:
    adapter = stage.cloud().bulk_puts
    assert adapter.available
    target = stage.make_table("contract-bulk-put")

    def start(table: str = target, token: str = "bulk", **more: Any) -> Any:
        return adapter.start(
            BulkPutRequest(
                table=table,
                bucket=stage.vault(),
                prefix=_data_prefix(stage),
                report_prefix=f"contract-bulk-put-{token}/",
                client_token=f"{stage.run}-{token}",
                **more,
            )
        )

    raises(TableMissing, lambda: start(stage.name("never-made"), token="missing"), stage)
    started = start()
    raises(Refused, lambda: adapter.describe(started.arn[:-4] + "0bad"), stage)
    assert start().arn == started.arn, "the same request with the same token started another bulk put"
    raises(Conflict, lambda: start(write_units_per_second=2048), stage)

    def look() -> Any:
        found = adapter.describe(started.arn)
        return None if found.status in ("IN_PROGRESS", "CANCELLING") else found

    ended = stage.until(look, "the bulk put ends", seconds=20)
    assert (ended.status, ended.processed_items, ended.failed_items) == ("COMPLETED", len(ITEMS), 0), ended
    assert started.arn in {each.arn for each in adapter.page().summaries}


def point_in_time_restores(stage: Stage) -> None:
    adapter = stage.cloud().pitr_restores
    source = stage.table_arn(stage.source())
    off = stage.make_table("no-recovery-2")

    def start(source: str = source, target: str = "contract-restored", **more: Any) -> Any:
        return adapter.start(PitrRestoreRequest(source_arn=source, target=stage.name(target), **more))

    raises(Refused, lambda: start(target="no-recovery-2"), stage)
    raises(PitrDisabled, lambda: start(stage.table_arn(off)), stage)
    raises(TableMissing, lambda: start(stage.table_arn(stage.name("never-made"))), stage)
    long_ago = datetime.now(UTC) - timedelta(days=34)
    raises(Refused, lambda: start(time=long_ago), stage)


def objects(stage: Stage) -> None:
    adapter, bucket, owner = stage.cloud().objects, stage.vault(), stage.account
    put: dict[str, Any] = {
        "content_type": "application/octet-stream",
        "encryption": Encryption(),
        "owner": owner,
    }
    body = bytes(range(256)) * 40
    etag = adapter.put(bucket, "objects/a", body, **put)
    raises(Conflict, lambda: adapter.put(bucket, "objects/a", b"b", if_none_match=True, **put), stage)
    raises(Conflict, lambda: adapter.put(bucket, "objects/a", b"b", if_match='"0badcafe"', **put), stage)
    adapter.put(bucket, "objects/a", body, if_match=etag, **put)
    adapter.put(bucket, "objects/below/b \N{SNOWMAN}+%", b"", if_none_match=True, **put)

    found = adapter.head(bucket, "objects/a", owner=owner)
    assert found is not None
    assert (found.size_bytes, found.etag) == (len(body), etag)
    assert adapter.head(bucket, "objects/missing", owner=owner) is None
    assert adapter.read(bucket, "objects/a", limit_bytes=len(body), owner=owner)[0] == body
    with adapter.stream(bucket, "objects/a", owner=owner) as stream:
        assert b"".join(stream) == body
    keys = [each.key for each in adapter.keys(bucket, "objects/", owner=owner)]
    assert keys == ["objects/a", "objects/below/b \N{SNOWMAN}+%"]
    assert list(adapter.folders(bucket, "objects/", owner=owner)) == ["objects/below/"]
    raises(DataIncomplete, lambda: adapter.read(bucket, "objects/a", limit_bytes=9, owner=owner), stage)
    raises(ObjectMissing, lambda: adapter.read(bucket, "objects/none", limit_bytes=9, owner=owner), stage)
    for call in (
        lambda: adapter.read(bucket, "objects/a", limit_bytes=9, owner=_NOT_OURS),
        lambda: adapter.head(bucket, "objects/a", owner=_NOT_OURS),
        lambda: list(adapter.keys(bucket, "objects/", owner=_NOT_OURS)),
        lambda: adapter.put(
            bucket, "objects/c", b"", content_type="text/plain", encryption=Encryption(), owner=_NOT_OURS
        ),
    ):
        raises(AccessDenied, call, stage)
    missing = stage.name("never-made")
    raises(ObjectMissing, lambda: list(adapter.keys(missing, "")), stage)
    raises(
        ObjectMissing,
        lambda: adapter.put(missing, "a", b"", content_type="text/plain", encryption=Encryption()),
        stage,
    )
    for key in [*keys, "objects/missing"]:
        adapter.delete(bucket, key, owner=owner)
    assert list(adapter.keys(bucket, "objects/", owner=owner)) == []


def buckets(stage: Stage) -> None:
    adapter, owner = stage.cloud().buckets, stage.account
    plain = stage.make_bucket("plain")
    locked = stage.make_bucket("locked", ObjectLockEnabledForBucket=True)
    stage.s3.put_object_lock_configuration(
        Bucket=locked,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}},
        },
    )
    stage.s3.put_public_access_block(
        Bucket=locked,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": False,
        },
    )
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 9}}
    stage.s3.put_bucket_lifecycle_configuration(Bucket=plain, LifecycleConfiguration={"Rules": [rule]})
    stage.pause(10)
    assert adapter.region(plain, owner=owner) == stage.region
    assert not adapter.versioned(plain, owner=owner)
    assert adapter.versioned(locked, owner=owner)
    assert adapter.object_lock(plain, owner=owner) is None
    lock = adapter.object_lock(locked, owner=owner)
    assert lock is not None
    assert (lock.mode, lock.retention_days) == ("GOVERNANCE", 3)
    assert len(adapter.disabled_public_access_blocks(locked, owner=owner)) == 1
    default = adapter.encryption(plain, owner=owner)
    assert default is None or default.algorithm == "AES256"
    assert [(each.prefix, each.expires) for each in adapter.lifecycle(plain, owner=owner)] == [
        ("old/", "after 9 days")
    ]
    assert adapter.lifecycle(locked, owner=owner) == ()
    raises(AccessDenied, lambda: adapter.region(plain, owner=_NOT_OURS), stage)
    raises(ObjectMissing, lambda: adapter.region(stage.name("never-made")), stage)


def keys(stage: Stage) -> None:
    adapter = stage.cloud().kms_keys(stage.region)
    arn = stage.make_key("contract-key")
    found = adapter.describe(arn)
    assert found is not None
    assert (found.arn, found.state, found.usage, found.manager) == (
        arn,
        "Enabled",
        "ENCRYPT_DECRYPT",
        "CUSTOMER",
    )
    assert adapter.describe("00000000-0000-0000-0000-000000000000") is None
    assert adapter.describe(f"alias/{stage.name('never-made')}") is None


def settings(stage: Stage) -> None:
    """Also that a second change of TTL is refused, for half an hour on AWS."""
    adapter, tables = stage.cloud().settings, stage.cloud().tables
    table, missing = stage.make_table("contract-settings"), stage.name("never-made")
    arn = stage.table_arn(table)
    assert adapter.tags(arn) == {}
    adapter.tag(arn, {"team": "a", "cost center": "b/c"})
    stage.until(lambda: True if adapter.tags(arn) else None, "the tags are shown")
    assert adapter.tags(arn) == {"team": "a", "cost center": "b/c"}
    assert adapter.time_to_live(table)["TimeToLiveStatus"] == "DISABLED"
    assert adapter.kinesis_destinations(table) == []
    assert adapter.resource_policy(arn) is None
    assert adapter.contributor_insights(table)["ContributorInsightsStatus"] == "DISABLED"
    adapter.enable_time_to_live(table, "expires")
    raises(Refused, lambda: adapter.enable_time_to_live(table, "other"), stage)
    raises(DdbBackupError, lambda: adapter.tag(arn, {"aws:reserved": "x"}), stage)
    raises(
        Refused,
        lambda: adapter.update_table(
            table, {"DeletionProtectionEnabled": True, "TableClass": "STANDARD_INFREQUENT_ACCESS"}
        ),
        stage,
    )
    for call in (
        lambda: adapter.contributor_insights(missing),
        lambda: adapter.update_table(missing, {"DeletionProtectionEnabled": True}),
    ):
        raises(TableMissing, call, stage)
    assert not tables.describe(table).description.get("DeletionProtectionEnabled")


def scaling(stage: Stage) -> None:
    adapter = stage.cloud().scaling
    resource = f"table/{stage.name('never-made')}"
    which = {"ResourceId": resource, "ScalableDimension": "dynamodb:table:WriteCapacityUnits"}
    assert list(adapter.targets([resource])) == []
    assert list(adapter.policies(resource)) == []
    assert list(adapter.actions(resource)) == []
    metric = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}
    policy: dict[str, Any] = {
        **which,
        "PolicyName": "live",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": metric,
        },
    }
    raises(DdbBackupError, lambda: adapter.put_policy(policy), stage)


def topics(stage: Stage) -> None:
    adapter, name = stage.cloud().topics, stage.name("topic")
    arn = stage.client("sns").create_topic(Name=name)["TopicArn"]
    message: dict[str, Any] = {
        "subject": "live",
        "message": "the live suite of ddbbackup",
        "attributes": {"result": "none"},
    }
    adapter.publish(arn, **message)
    raises(DdbBackupError, lambda: adapter.publish(arn + "-never-made", **message), stage)


def bulk_transport(stage: Stage) -> None:
    """The HTTP client for items: its signature, its endpoint, and that bodies stay bytes."""
    connection = Connection(region=stage.region, account=stage.account)
    table = stage.make_table("contract-transport")
    item = {"id": {"S": "a"}, "at": {"N": "1"}, "b": {"B": "AAECAw=="}}

    def send(operation: Any, **body: Any) -> tuple[int, dict[str, Any]]:
        transport: Any = AwsBulkAccess(connection, connection).transport(table)
        try:
            transport.send("tag", operation, json.dumps(body).encode())
            ((_, response),) = stage.until(lambda: transport.receive(5.0) or None, "a response")
        finally:
            transport.close()
        return response.status, dict(json.loads(response.body))

    def written() -> bool | None:
        status, body = send("BatchWriteItem", RequestItems={table: [{"PutRequest": {"Item": item}}]})
        if "ResourceNotFoundException" in body.get("__type", ""):
            return None
        assert (status, body.get("UnprocessedItems")) == (200, {}), body
        return True

    stage.until(written, "requests for items know the table", minutes=2, seconds=1)
    status, body = send(
        "GetItem", TableName=table, Key={"id": item["id"], "at": item["at"]}, ConsistentRead=True
    )
    assert (status, body["Item"]) == (200, item)
    status, body = send("PutItem", TableName=table, Item={"id": {"S": ""}, "at": {"N": "1"}})
    assert status == 400
    assert body["__type"].endswith("#ValidationException")
    status, body = send("GetItem", TableName=stage.name("never-made"), Key={"id": {"S": "a"}})
    assert status == 400
    assert body["__type"].endswith("#ResourceNotFoundException")


def _data_prefix(stage: Stage) -> str:
    """Of the data files of the shared export."""
    manifest: str = stage.source_export()["ExportManifest"]
    return manifest.removesuffix("manifest-summary.json") + "data/"


CHECKS: Final = (
    Check("contract/identity", "the identity, and the time of AWS", identity),
    Check("contract/tables", "tables", tables, estimate.table(pitr=True)),
    Check("contract/exports", "exports", exports, (*estimate.export(), *estimate.export())),
    Check("contract/imports", "imports", imports, (*estimate.export(), *estimate.import_())),
    Check("contract/bulk-puts", "bulk puts", bulk_puts, (*estimate.export(), *estimate.bulk_put())),
    Check("contract/point-in-time", "point-in-time restores", point_in_time_restores, estimate.table()),
    Check("contract/objects", "objects", objects, estimate.objects(20, 20)),
    Check("contract/buckets", "buckets", buckets, estimate.objects(20, 20)),
    Check("contract/keys", "KMS keys", keys, (estimate.kms_key(),)),
    Check("contract/settings", "settings of tables", settings, estimate.table()),
    Check("contract/scaling", "auto scaling", scaling),
    Check("contract/topics", "SNS topics", topics, estimate.requests(1)),
    Check("contract/bulk-transport", "the HTTP client for items", bulk_transport, estimate.table()),
)
