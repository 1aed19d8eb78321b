"""Incremental exports, exports of a past instant and the recovery window of the sandbox, as AWS has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ddbbackup.sandbox.sandbox_clock import SandboxClock
from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import Aws, Item, in_order
from tests.support.taken_exports import TakenExport, pass_seconds, take_export, take_window

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def item(key: str, value: str) -> Item:
    return {"id": {"S": key}, "v": {"S": value}}


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def set_recovery(aws: Aws, table: str, *, enabled: bool, **more: Any) -> None:
    aws.dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled, **more}
    )


def recovery(aws: Aws, table: str) -> dict[str, Any]:
    response = aws.dynamodb.describe_continuous_backups(TableName=table)
    return dict(response["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"])


def images(taken: TakenExport) -> dict[str, tuple[str | None, str | None]]:
    """The old and the new value by key."""
    return {
        record["Keys"]["id"]["S"]: (value_of(record.get("OldImage")), value_of(record.get("NewImage")))
        for record in taken.records
    }


def value_of(image: Mapping[str, Any] | None) -> str | None:
    return image["v"]["S"] if image is not None else None


# ---- what is logged


def put(aws: Aws, table: str) -> None:
    aws.put(table, item("a", "new"))


def update(aws: Aws, table: str) -> None:
    aws.dynamodb.update_item(
        TableName=table,
        Key={"id": {"S": "a"}},
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"S": "new"}},
    )


def update_attributes(aws: Aws, table: str) -> None:
    updates = {"v": {"Value": {"S": "new"}, "Action": "PUT"}}
    aws.dynamodb.update_item(TableName=table, Key={"id": {"S": "a"}}, AttributeUpdates=updates)


def batch_put(aws: Aws, table: str) -> None:
    aws.call("BatchWriteItem", {"RequestItems": {table: [{"PutRequest": {"Item": item("a", "new")}}]}})


def transact_put(aws: Aws, table: str) -> None:
    aws.dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": item("a", "new")}}])


def transact_update(aws: Aws, table: str) -> None:
    change = {
        "TableName": table,
        "Key": {"id": {"S": "a"}},
        "UpdateExpression": "SET v = :v",
        "ExpressionAttributeValues": {":v": {"S": "new"}},
    }
    aws.dynamodb.transact_write_items(TransactItems=[{"Update": change}])


def delete(aws: Aws, table: str) -> None:
    aws.dynamodb.delete_item(TableName=table, Key={"id": {"S": "a"}})


def batch_delete(aws: Aws, table: str) -> None:
    requests = {table: [{"DeleteRequest": {"Key": {"id": {"S": "a"}}}}]}
    aws.call("BatchWriteItem", {"RequestItems": requests})


def transact_delete(aws: Aws, table: str) -> None:
    aws.dynamodb.transact_write_items(
        TransactItems=[{"Delete": {"TableName": table, "Key": {"id": {"S": "a"}}}}]
    )


def partiql_insert(aws: Aws, table: str) -> None:
    aws.dynamodb.execute_statement(Statement=f"""INSERT INTO "{table}" VALUE {{'id': 'a', 'v': 'new'}}""")


def partiql_update(aws: Aws, table: str) -> None:
    aws.dynamodb.execute_statement(Statement=f"""UPDATE "{table}" SET v='new' WHERE id='a'""")


def partiql_delete(aws: Aws, table: str) -> None:
    aws.dynamodb.execute_statement(Statement=f"""DELETE FROM "{table}" WHERE id='a'""")


@pytest.mark.parametrize(
    "write",
    [put, update, update_attributes, batch_put, transact_put, transact_update, partiql_insert],
)
def test_every_way_to_insert_is_logged(
    sandbox: Aws, name: str, bucket: str, clock: SandboxClock, write: Callable[[Aws, str], None]
) -> None:
    sandbox.create_table(name, pitr=True)
    start = pass_seconds(clock, HOUR)
    write(sandbox, name)
    end = pass_seconds(clock, HOUR)

    assert images(take_window(sandbox, name, bucket, start, end)) == {"a": (None, "new")}


@pytest.mark.parametrize(
    ("write", "new"),
    [
        *(
            (write, "new")
            for write in (
                put,
                update,
                update_attributes,
                batch_put,
                transact_put,
                transact_update,
                partiql_update,
            )
        ),
        *((write, None) for write in (delete, batch_delete, transact_delete, partiql_delete)),
    ],
)
def test_every_way_to_change_or_delete_is_logged_with_the_old_image(
    sandbox: Aws,
    name: str,
    bucket: str,
    clock: SandboxClock,
    write: Callable[[Aws, str], None],
    new: str | None,
) -> None:
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, item("a", "old"), item("b", "other"))
    start = pass_seconds(clock, HOUR)
    write(sandbox, name)
    end = pass_seconds(clock, HOUR)

    assert images(take_window(sandbox, name, bucket, start, end)) == {"a": ("old", new)}


def test_what_ttl_deletes_is_logged(
    running_sandbox: Sandbox, sandbox: Aws, name: str, bucket: str, clock: SandboxClock
) -> None:
    sandbox.create_table(name, pitr=True)
    ttl = {"Enabled": True, "AttributeName": "until"}
    sandbox.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    for key, seconds in (("a", 2 * HOUR), ("b", DAY)):
        sandbox.put(name, {**item(key, "old"), "until": {"N": str(int(clock.now() + seconds))}})
    start = pass_seconds(clock, 3 * HOUR)
    assert running_sandbox.expire_items() == 1
    end = pass_seconds(clock, HOUR)

    assert images(take_window(sandbox, name, bucket, start, end)) == {"a": ("old", None)}


def test_writes_that_fail_leave_nothing_in_the_log(
    sandbox: Aws, name: str, bucket: str, clock: SandboxClock
) -> None:
    """A condition that does not hold, an update that is invalid, a transaction that is cancelled."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, item("a", "old"))
    start = pass_seconds(clock, HOUR)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        sandbox.dynamodb.put_item(
            TableName=name, Item=item("a", "new"), ConditionExpression="attribute_not_exists(id)"
        )
    for key in ("a", "new"):
        with pytest.raises(ClientError, match="ValidationException"):
            sandbox.dynamodb.update_item(
                TableName=name,
                Key={"id": {"S": key}},
                UpdateExpression="SET v = missing + :n",
                ExpressionAttributeValues={":n": {"N": "1"}},
            )
    held = {"TableName": name, "Key": {"id": {"S": "z"}}, "ConditionExpression": "attribute_exists(id)"}
    with pytest.raises(ClientError, match="TransactionCanceled"):
        sandbox.dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": name, "Item": item("b", "new")}},
                {"Delete": {"TableName": name, "Key": {"id": {"S": "a"}}}},
                {"ConditionCheck": held},
            ]
        )
    end = pass_seconds(clock, HOUR)

    assert images(take_window(sandbox, name, bucket, start, end)) == {}
    assert sandbox.items(name) == [item("a", "old")]


# ---- windows


def test_a_window_has_one_record_per_key(sandbox: Aws, name: str, bucket: str, clock: SandboxClock) -> None:
    """Its old image is the state before the window, its new image the state at the end (DynamoDB guide)."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *(item(key, "0") for key in ("kept", "changed", "deleted", "again")))
    start = pass_seconds(clock, HOUR)
    sandbox.put(name, item("changed", "1"), item("inserted", "1"), item("brief", "1"))
    for key in ("deleted", "again", "brief"):
        sandbox.dynamodb.delete_item(TableName=name, Key={"id": {"S": key}})
    sandbox.put(name, item("changed", "2"), item("again", "2"))
    end = pass_seconds(clock, HOUR)
    sandbox.put(name, item("changed", "3"), item("later", "3"))
    pass_seconds(clock, HOUR)

    both = take_window(sandbox, name, bucket, start, end)
    new = take_window(sandbox, name, bucket, start, end, view="NEW_IMAGE")

    assert images(both) == {
        "changed": ("0", "2"),
        "inserted": (None, "1"),
        "deleted": ("0", None),
        "again": ("0", "2"),
    }
    assert images(new) == {key: (None, image) for key, (_, image) in images(both).items()}
    for record in both.records:
        micros = int(record["Metadata"]["WriteTimestampMicros"]["N"])
        assert start * 1_000_000 <= micros < end * 1_000_000
        assert list(record) == ["Metadata", "Keys", *(x for x in ("OldImage", "NewImage") if x in record)]


def test_the_files_of_windows_lie_together_and_only_manifests_tell_them_apart(
    sandbox: Aws, name: str, bucket: str, clock: SandboxClock
) -> None:
    """As in the exports of AWS that were seen: one folder for data, one for each export's manifests."""
    sandbox.create_table(name, pitr=True)
    first = pass_seconds(clock, HOUR)
    sandbox.put(name, item("a", "1"))
    second = pass_seconds(clock, HOUR)
    sandbox.put(name, item("a", "2"))
    third = pass_seconds(clock, HOUR)

    taken = [
        take_window(sandbox, name, bucket, *window, S3Prefix="vault")
        for window in ((first, second), (second, third))
    ]

    assert [images(each) for each in taken] == [{"a": (None, "1")}, {"a": ("1", "2")}]
    keys = sandbox.keys(bucket)
    data = [key for key in keys if key.startswith("vault/AWSDynamoDB/data/") and key.endswith(".json.gz")]
    assert sorted(data) == sorted(each["dataFileS3Key"] for t in taken for each in t.files)
    for each in taken:
        folder = f"vault/AWSDynamoDB/{each.summary['exportArn'].rpartition('/')[2]}/"
        names = [key.removeprefix(folder) for key in keys if key.startswith(folder)]
        assert names == [
            "_started",
            "manifest-files.json",
            "manifest-files.md5",
            "manifest-summary.json",
            "manifest-summary.md5",
        ]


def test_the_manifest_and_the_description_of_a_window(
    sandbox: Aws, name: str, bucket: str, clock: SandboxClock
) -> None:
    """As in the exports of AWS that were seen: another version, no exportTime, at least 10 MB are billed."""
    sandbox.create_table(name, pitr=True)
    start = pass_seconds(clock, HOUR)
    sandbox.put(name, item("a", "1"))
    end = pass_seconds(clock, HOUR)

    taken = take_window(sandbox, name, bucket, start, end)
    full = take_export(sandbox, name, bucket)

    def iso(seconds: int) -> str:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.000Z"

    extent = ("exportFromTime", "exportToTime", "outputView", "exportType", "version")
    assert [taken.summary[each] for each in extent] == [
        iso(start),
        iso(end),
        "NEW_AND_OLD_IMAGES",
        "INCREMENTAL_EXPORT",
        "2023-08-01",
    ]
    assert "exportTime" not in taken.summary
    assert (taken.summary["itemCount"], taken.summary["billedSizeBytes"]) == (1, 10_000_000)
    assert taken.description["ExportType"] == "INCREMENTAL_EXPORT"
    assert taken.description["IncrementalExportSpecification"] == {
        "ExportFromTime": datetime.fromtimestamp(start, UTC),
        "ExportToTime": datetime.fromtimestamp(end, UTC),
        "ExportViewType": "NEW_AND_OLD_IMAGES",
    }
    assert "ExportTime" not in taken.description
    assert "exportType" not in full.summary
    assert full.summary["version"] == "2020-06-30"
    assert "ExportType" not in full.description
    listed = sandbox.dynamodb.list_exports(TableArn=taken.summary["tableArn"])["ExportSummaries"]
    assert [each["ExportType"] for each in listed] == ["FULL_EXPORT", "INCREMENTAL_EXPORT"]


def test_a_window_without_an_end_ends_now(sandbox: Aws, name: str, bucket: str, clock: SandboxClock) -> None:
    sandbox.create_table(name, pitr=True)
    start = pass_seconds(clock, HOUR)
    sandbox.put(name, item("a", "1"))
    now = pass_seconds(clock, HOUR)

    taken = take_export(
        sandbox,
        name,
        bucket,
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification={"ExportFromTime": start},
    )

    end = taken.description["IncrementalExportSpecification"]["ExportToTime"].timestamp()
    assert now <= end <= now + 2
    assert end == int(end)
    assert images(taken) == {"a": (None, "1")}


CREATED = "Incremental export period from time cannot be less than the table creation time : "
FUTURE = "Incremental export period to time cannot be greater than the current time : "
SHORT = "Difference between export period from time and export period to time is less than 15 minutes"
LONG = "The sandbox: the export period is longer than 24 hours, which incremental exports do not support"
BEFORE = "The sandbox: the export period begins before the earliest restorable time, "


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (-3 * DAY, 0, CREATED),
        (-HOUR, HOUR, FUTURE),
        (-15 * MINUTE + 1, 0, SHORT),
        (0, -HOUR, SHORT),
        (-DAY - 1, 0, LONG),
        (-30 * HOUR, -29 * HOUR, BEFORE),
    ],
)
def test_the_period_of_a_window_is_limited(
    sandbox: Aws, name: str, bucket: str, clock: SandboxClock, start: float, end: float, message: str
) -> None:
    """The table is two days old, its recovery 26 hours. All violations have one code (observed on AWS)."""
    sandbox.create_table(name)
    clock.advance(22 * HOUR)
    set_recovery(sandbox, name, enabled=True)
    now = pass_seconds(clock, 26 * HOUR)
    arn = sandbox.dynamodb.describe_table(TableName=name)["Table"]["TableArn"]

    code, text = refusal(
        sandbox.dynamodb.export_table_to_point_in_time,
        TableArn=arn,
        S3Bucket=bucket,
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification={"ExportFromTime": now + start, "ExportToTime": now + end},
    )

    assert code == "InvalidExportTimeException"
    assert text.startswith(message)


@pytest.mark.parametrize("length", [15 * MINUTE, DAY])
def test_the_shortest_and_the_longest_window_are_accepted(
    sandbox: Aws, name: str, bucket: str, clock: SandboxClock, length: float
) -> None:
    sandbox.create_table(name, pitr=True)
    now = pass_seconds(clock, 26 * HOUR)

    assert take_window(sandbox, name, bucket, now - length, now).records == []


def test_the_age_of_the_table_is_checked_before_its_recovery(
    sandbox: Aws, name: str, bucket: str, clock: SandboxClock
) -> None:
    """Observed on AWS."""
    arn = sandbox.create_table(name)
    now = pass_seconds(clock, 2 * HOUR)

    def start(begin: float) -> tuple[str, str]:
        return refusal(
            sandbox.dynamodb.export_table_to_point_in_time,
            TableArn=arn,
            S3Bucket=bucket,
            ExportType="INCREMENTAL_EXPORT",
            IncrementalExportSpecification={"ExportFromTime": now + begin, "ExportToTime": now},
        )

    assert start(-3 * HOUR)[0] == "InvalidExportTimeException"
    assert start(-HOUR)[0] == "PointInTimeRecoveryUnavailableException"


EXPECTED = "Export Type expected to be Incremental Export when incremental export specification is provided"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"IncrementalExportSpecification": {}}, f"Invalid Request: {EXPECTED}"),
        (
            {"ExportType": "FULL_EXPORT", "IncrementalExportSpecification": {}},
            (
                "Invalid Request: When Export Type is Full Export , Incremental Export Specification should not be "
                "provided"
            ),
        ),
        (
            {"ExportType": "INCREMENTAL_EXPORT"},
            (
                "Invalid Request: Incremental Export Specification expected when export type is set as Incremental "
                "Export"
            ),
        ),
        (
            {
                "ExportType": "INCREMENTAL_EXPORT",
                "IncrementalExportSpecification": {"ExportViewType": "NEW_IMAGE"},
            },
            "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification",
        ),
        (
            {
                "ExportType": "INCREMENTAL_EXPORT",
                "IncrementalExportSpecification": {"ExportFromTime": 0, "ExportViewType": "NEW_IMAGES"},
            },
            (
                "1 validation error detected: Value 'NEW_IMAGES' at 'incrementalExportSpecification.exportViewType' "
                "failed to satisfy constraint: Member must satisfy enum value set: [NEW_IMAGE, NEW_AND_OLD_IMAGES]"
            ),
        ),
    ],
)
def test_the_type_of_an_export_and_its_window_belong_together(
    sandbox: Aws, name: str, bucket: str, parameters: dict[str, Any], message: str
) -> None:
    """With the messages of AWS, whose documentation names the view NEW_IMAGES."""
    arn = sandbox.create_table(name, pitr=True)

    assert refusal(
        sandbox.dynamodb.export_table_to_point_in_time, TableArn=arn, S3Bucket=bucket, **parameters
    ) == ("ValidationException", message)


# ---- past instants and the recovery window


def test_a_full_export_of_a_past_instant_holds_the_items_of_that_instant(
    sandbox: Aws, name: str, bucket: str, clock: SandboxClock
) -> None:
    sandbox.create_table(name, pitr=True, range_key="at")

    def put_pair(key: str, value: str) -> None:
        sandbox.put(name, *({**item(key, value), "at": {"S": at}} for at in ("1", "2")))

    put_pair("a", "old")
    put_pair("b", "old")
    before, then = sandbox.items(name), pass_seconds(clock, HOUR)
    put_pair("a", "new")
    put_pair("c", "new")
    sandbox.dynamodb.delete_item(TableName=name, Key={"id": {"S": "b"}, "at": {"S": "1"}})
    pass_seconds(clock, HOUR)

    past = take_export(sandbox, name, bucket, ExportTime=then)
    now = take_export(sandbox, name, bucket)

    assert in_order(past.items) == before
    assert in_order(now.items) == sandbox.items(name)
    assert past.description["ExportTime"].timestamp() == then
    assert now.description["ExportTime"] == now.description["StartTime"]


def test_an_export_of_now_and_the_window_that_begins_there_miss_nothing(
    sandbox: Aws, name: str, bucket: str, clock: SandboxClock
) -> None:
    """Every write is in one of them, however soon it follows the other."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, item("a", "1"))
    full = take_export(sandbox, name, bucket)
    sandbox.put(name, item("b", "1"))
    end = pass_seconds(clock, HOUR)

    window = take_window(sandbox, name, bucket, full.description["ExportTime"], end)

    assert in_order(full.items) == [item("a", "1")]
    assert images(window) == {"b": (None, "1")}


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        (-25 * HOUR, "Export Time is invalid"),
        (HOUR, "Export Time is invalid"),
        (-1, "Point in Time Recovery is not available for specified export time"),
    ],
)
def test_instants_outside_the_recovery_window_are_refused(
    sandbox: Aws, name: str, bucket: str, clock: SandboxClock, seconds: float, message: str
) -> None:
    arn = sandbox.create_table(name, pitr=True)
    now = pass_seconds(clock, DAY)

    assert refusal(
        sandbox.dynamodb.export_table_to_point_in_time,
        TableArn=arn,
        S3Bucket=bucket,
        ExportTime=now + seconds,
    ) == ("InvalidExportTimeException", message)


def test_recovery_that_is_disabled_and_enabled_leaves_a_gap(
    sandbox: Aws, name: str, bucket: str, clock: SandboxClock
) -> None:
    """The earliest restorable time is that of the last enabling, and no window may begin before it."""
    arn = sandbox.create_table(name, pitr=True)
    sandbox.put(name, item("a", "1"))
    start = pass_seconds(clock, HOUR)
    set_recovery(sandbox, name, enabled=False)
    assert "EarliestRestorableDateTime" not in recovery(sandbox, name)
    sandbox.put(name, item("a", "2"))
    clock.advance(MINUTE)
    set_recovery(sandbox, name, enabled=True, RecoveryPeriodInDays=7)
    gap = pass_seconds(clock, 1)
    sandbox.put(name, item("a", "3"))
    end = pass_seconds(clock, HOUR)

    earliest = recovery(sandbox, name)["EarliestRestorableDateTime"].timestamp()
    assert start < earliest <= gap
    code, text = refusal(
        sandbox.dynamodb.export_table_to_point_in_time,
        TableArn=arn,
        S3Bucket=bucket,
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification={"ExportFromTime": start, "ExportToTime": end},
    )
    assert (code, text.startswith(BEFORE)) == ("InvalidExportTimeException", True)
    assert images(take_window(sandbox, name, bucket, gap, end)) == {"a": ("2", "3")}


def test_the_recovery_window_slides(sandbox: Aws, name: str, clock: SandboxClock) -> None:
    """It reaches back so many days at most, and to five minutes before now."""
    sandbox.create_table(name, pitr=True)
    first = recovery(sandbox, name)
    assert first["EarliestRestorableDateTime"] == first["LatestRestorableDateTime"]
    clock.advance(36 * DAY)
    last = recovery(sandbox, name)
    window = last["LatestRestorableDateTime"] - last["EarliestRestorableDateTime"]
    assert window.total_seconds() == pytest.approx(35 * DAY - 5 * MINUTE, abs=1)
    set_recovery(sandbox, name, enabled=True, RecoveryPeriodInDays=1)
    one = recovery(sandbox, name)
    window = one["LatestRestorableDateTime"] - one["EarliestRestorableDateTime"]
    assert window.total_seconds() == pytest.approx(DAY - 5 * MINUTE, abs=1)
    code, _ = refusal(set_recovery, aws=sandbox, table=name, enabled=False, RecoveryPeriodInDays=1)
    assert code == "ValidationException"


# ---- Ion


def test_exports_in_ion(sandbox: Aws, name: str, bucket: str, clock: SandboxClock) -> None:
    """Text, one item per line, in files with another ending."""
    sandbox.create_table(name, pitr=True)
    start = pass_seconds(clock, HOUR)
    sandbox.put(name, {**item("a", "1"), "n": {"N": "103"}, "b": {"B": "aGVsbG8="}})
    end = pass_seconds(clock, HOUR)

    full = take_export(sandbox, name, bucket, ExportFormat="ION")
    window = take_window(sandbox, name, bucket, start, end, ExportFormat="ION")

    assert list(full.lines) == [b'$ion_1_0 {Item:{id:"a",v:"1",n:103.,b:{{aGVsbG8=}}}}']
    assert window.lines[0].startswith(b"$ion_1_0 {Record:{Metadata:{WriteTimestampMicros:")
    assert {each["dataFileS3Key"][-7:] for each in (*full.files, *window.files)} == {".ion.gz"}
    assert full.summary["outputFormat"] == window.summary["outputFormat"] == "ION"
