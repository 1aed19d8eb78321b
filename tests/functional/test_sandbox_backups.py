"""On-demand backups of the sandbox, as AWS has them (observed on AWS unless a test says otherwise)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from ddbbackup.sandbox.sandbox_clock import SandboxClock
from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import Aws, Item, in_order

HOUR = 3600.0
GSI = {
    "IndexName": "by-who",
    "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
WHO = {"AttributeName": "who", "AttributeType": "S"}


def item(key: str) -> Item:
    return {"id": {"S": key}}


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def create(aws: Aws, table: str, name: str = "nightly") -> str:
    """The ARN of a backup that is AVAILABLE."""
    arn = str(aws.dynamodb.create_backup(TableName=table, BackupName=name)["BackupDetails"]["BackupArn"])
    until(lambda: described(aws, arn)["BackupDetails"]["BackupStatus"] == "AVAILABLE")
    return arn


def described(aws: Aws, arn: str) -> dict[str, Any]:
    return dict(aws.dynamodb.describe_backup(BackupArn=arn)["BackupDescription"])


def restore(aws: Aws, arn: str, table: str, **more: Any) -> None:
    aws.dynamodb.restore_table_from_backup(BackupArn=arn, TargetTableName=table, **more)
    until(lambda: aws.dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE")


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_backup_needs_no_recovery_and_outlives_its_table(
    sandbox: Aws, name: str, clock: SandboxClock
) -> None:
    """It is restored into a new table only, also months later, with the id of the table that is gone."""
    sandbox.create_table(name)
    sandbox.put(name, item("a"), item("b"))
    table = sandbox.dynamodb.describe_table(TableName=name)["Table"]
    arn = create(sandbox, name)
    sandbox.dynamodb.delete_table(TableName=name)
    clock.advance(90 * 24 * HOUR)

    assert described(sandbox, arn)["SourceTableDetails"]["TableId"] == table["TableId"]
    listed = sandbox.dynamodb.list_backups(TableName=name)["BackupSummaries"]
    assert [each["BackupArn"] for each in listed] == [arn]
    restore(sandbox, arn, name)
    assert in_order(sandbox.items(name)) == [item("a"), item("b")]
    assert sandbox.dynamodb.describe_table(TableName=name)["Table"]["TableId"] != table["TableId"]
    assert refusal(sandbox.dynamodb.restore_table_from_backup, BackupArn=arn, TargetTableName=name) == (
        "TableAlreadyExistsException",
        f"Table already exists: {name}",
    )


def test_the_answer_to_a_creation_is_short_and_its_name_is_not_unique(sandbox: Aws, name: str) -> None:
    """There is no token: the same request makes another backup."""
    sandbox.create_table(name)
    first, second = (sandbox.dynamodb.create_backup(TableName=name, BackupName="nightly") for _ in range(2))

    assert set(first) - {"ResponseMetadata"} == {"BackupDetails"}
    assert first["BackupDetails"]["BackupStatus"] == "CREATING"
    assert first["BackupDetails"]["BackupArn"] != second["BackupDetails"]["BackupArn"]
    assert "BackupExpiryDateTime" not in first["BackupDetails"]
    listed = sandbox.dynamodb.list_backups(TableName=name)["BackupSummaries"]
    assert [each["BackupName"] for each in listed] == ["nightly", "nightly"]
    code, _ = refusal(sandbox.dynamodb.create_backup, TableName=name, BackupName="a b c")
    assert code == "ValidationException"


def test_a_backup_covers_an_interval(sandbox: Aws, name: str, jobs: Sandbox) -> None:
    """Of what is written while it is created, it holds some (DynamoDB guide: On-demand backup)."""
    sandbox.create_table(name)
    sandbox.put(name, item("before"))
    jobs.backups.timers.gate.clear()
    arn = sandbox.dynamodb.create_backup(TableName=name, BackupName="nightly")["BackupDetails"]["BackupArn"]
    during = [item(f"{number}") for number in range(40)]
    sandbox.put(name, *during)
    jobs.backups.timers.gate.set()
    until(lambda: described(sandbox, arn)["BackupDetails"]["BackupStatus"] == "AVAILABLE")
    restore(sandbox, arn, f"{name}-r")

    found = sandbox.items(f"{name}-r")
    assert item("before") in found
    assert 0 < len(found) - 1 < len(during)


def test_a_restore_loses_settings_and_keeps_what_was_recorded(sandbox: Aws, name: str) -> None:
    """Indexes, billing and encryption are those of the backup; the other settings are gone."""
    sandbox.create_table(
        name,
        pitr=True,
        AttributeDefinitions=[WHO],
        GlobalSecondaryIndexes=[GSI],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        Tags=[{"Key": "team", "Value": "orders"}],
        DeletionProtectionEnabled=True,
    )
    ttl = {"Enabled": True, "AttributeName": "until"}
    sandbox.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    arn = create(sandbox, name)

    backup = described(sandbox, arn)
    assert backup["SourceTableFeatureDetails"] == {
        "GlobalSecondaryIndexes": [
            {**GSI, "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}
        ],
        "StreamDescription": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        "TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"},
    }
    restore(sandbox, arn, f"{name}-r")
    table = sandbox.dynamodb.describe_table(TableName=f"{name}-r")["Table"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-who"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert not table["DeletionProtectionEnabled"]
    assert {"StreamSpecification", "TableClassSummary", "RestoreSummary"}.isdisjoint(table)
    assert sandbox.dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == []
    described_ttl = sandbox.dynamodb.describe_time_to_live(TableName=f"{name}-r")
    assert described_ttl["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"


def test_a_backup_feeds_one_restore_at_a_time(sandbox: Aws, name: str, jobs: Sandbox) -> None:
    """Nor can it be deleted meanwhile, and the new table is not found by most requests."""
    sandbox.create_table(name)
    arn = create(sandbox, name)
    jobs.backups.timers.gate.clear()
    target = f"{name}-r"
    started = sandbox.dynamodb.restore_table_from_backup(BackupArn=arn, TargetTableName=target)
    summary = started["TableDescription"]["RestoreSummary"]
    assert (summary["SourceBackupArn"], summary["RestoreInProgress"]) == (arn, True)

    other = {"BackupArn": arn, "TargetTableName": f"{name}-s"}
    assert refusal(sandbox.dynamodb.restore_table_from_backup, **other) == (
        "BackupInUseException",
        f"Backup is being used to restore another table: {arn}",
    )
    assert refusal(sandbox.dynamodb.delete_backup, BackupArn=arn)[0] == "BackupInUseException"
    same = {"BackupArn": arn, "TargetTableName": target}
    assert refusal(sandbox.dynamodb.restore_table_from_backup, **same)[0] == "TableInUseException"
    ttl = {"Enabled": True, "AttributeName": "until"}
    assert refusal(sandbox.dynamodb.update_time_to_live, TableName=target, TimeToLiveSpecification=ttl) == (
        "ResourceNotFoundException",
        f"Requested resource not found: Table: {target} not found",
    )
    unknown = ("TableNotFoundException", f"Table not found: {target}")
    assert refusal(sandbox.dynamodb.describe_continuous_backups, TableName=target) == unknown
    assert refusal(sandbox.dynamodb.create_backup, TableName=target, BackupName="nightly") == unknown
    assert refusal(sandbox.dynamodb.delete_table, TableName=target)[0] == "ResourceInUseException"
    jobs.backups.timers.gate.set()
    until(lambda: sandbox.dynamodb.describe_table(TableName=target)["Table"]["TableStatus"] == "ACTIVE")
    restore(sandbox, arn, f"{name}-s")


def test_a_deleted_backup_is_not_found_at_once(sandbox: Aws, name: str) -> None:
    sandbox.create_table(name)
    arn = create(sandbox, name)

    deleted = sandbox.dynamodb.delete_backup(BackupArn=arn)["BackupDescription"]

    assert deleted["BackupDetails"]["BackupStatus"] == "DELETED"
    gone = ("BackupNotFoundException", f"Backup not found: {arn}")
    assert refusal(sandbox.dynamodb.describe_backup, BackupArn=arn) == gone
    assert refusal(sandbox.dynamodb.delete_backup, BackupArn=arn) == gone
    assert sandbox.dynamodb.list_backups(TableName=name)["BackupSummaries"] == []
    table = arn.rpartition("/backup/")[0]
    assert refusal(sandbox.dynamodb.describe_backup, BackupArn=table) == (
        "ValidationException",
        "Invalid Backup ARN",
    )
    other = arn.replace("123456789012", "210987654321")
    assert refusal(sandbox.dynamodb.describe_backup, BackupArn=other)[0] == "AccessDeniedException"


def test_the_backup_of_a_deleted_table_with_recovery_cannot_be_deleted(sandbox: Aws, name: str) -> None:
    """It is listed only on request, and expires after 35 days."""
    sandbox.create_table(name, pitr=True)
    sandbox.dynamodb.delete_table(TableName=name)

    assert sandbox.dynamodb.list_backups(TableName=name)["BackupSummaries"] == []
    (backup,) = sandbox.dynamodb.list_backups(TableName=name, BackupType="ALL")["BackupSummaries"]
    assert (backup["BackupName"], backup["BackupType"]) == (f"{name}$DeletedTableBackup", "SYSTEM")
    assert (backup["BackupExpiryDateTime"] - backup["BackupCreationDateTime"]).days == 35
    code, text = refusal(sandbox.dynamodb.delete_backup, BackupArn=backup["BackupArn"])
    assert code == "ValidationException"
    assert text.startswith("User is not allowed to delete the system backup with arn ")


def test_backups_are_listed_in_pages_and_by_time(sandbox: Aws, name: str, clock: SandboxClock) -> None:
    """The oldest first; the lower bound belongs to the range, the upper one does not."""
    sandbox.create_table(name)
    made = []
    for _ in range(3):
        made.append(sandbox.dynamodb.create_backup(TableName=name, BackupName="hourly")["BackupDetails"])
        clock.advance(HOUR)
    arns = [each["BackupArn"] for each in made]

    def listed(**parameters: Any) -> list[str]:
        page = sandbox.dynamodb.list_backups(TableName=name, **parameters)
        return [each["BackupArn"] for each in page["BackupSummaries"]]

    first = sandbox.dynamodb.list_backups(TableName=name, Limit=2)
    assert [each["BackupArn"] for each in first["BackupSummaries"]] == arns[:2]
    assert listed(ExclusiveStartBackupArn=first["LastEvaluatedBackupArn"]) == arns[2:]
    times = [each["BackupCreationDateTime"] for each in made]
    assert listed(TimeRangeLowerBound=times[0], TimeRangeUpperBound=times[2]) == arns[:2]


def test_new_tables_have_no_backups_for_a_moment(sandbox: Aws, name: str, jobs: Sandbox) -> None:
    jobs.requests.backups_lag_seconds = 3600.0
    sandbox.create_table(name)
    unavailable = (
        "ContinuousBackupsUnavailableException",
        f"Backups are being enabled for the table: {name}. Please retry later",
    )

    assert refusal(sandbox.dynamodb.create_backup, TableName=name, BackupName="nightly") == unavailable
    recovery = {"PointInTimeRecoveryEnabled": True}
    assert (
        refusal(
            sandbox.dynamodb.update_continuous_backups,
            TableName=name,
            PointInTimeRecoverySpecification=recovery,
        )
        == unavailable
    )


def test_requests_about_backups_have_rates(sandbox: Aws, name: str) -> None:
    """Five ListBackups at once, as observed; more are throttled until a moment has passed."""
    client = sandbox._session.client(
        "dynamodb", endpoint_url=sandbox.url, config=Config(retries={"total_max_attempts": 1})
    )

    def attempts() -> list[str]:
        codes = []
        for _ in range(20):
            try:
                client.list_backups(TableName=name)
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])
        return codes

    assert set(attempts()) == {"ThrottlingException"}


def test_another_region_needs_an_encryption(sandbox: Aws, name: str) -> None:
    sandbox.create_table(name)
    sandbox.put(name, item("a"))
    arn = create(sandbox, name)
    there = sandbox.client("dynamodb", "eu-central-1")
    request = {"BackupArn": arn, "TargetTableName": name}

    assert refusal(there.restore_table_from_backup, **request) == (
        "ValidationException",
        "sseSpecificationOverride must be provided for cross-region restores",
    )
    there.restore_table_from_backup(**request, SSESpecificationOverride={"Enabled": True, "SSEType": "KMS"})
    until(lambda: there.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE")
    assert there.scan(TableName=name, Select="COUNT")["Count"] == 1
