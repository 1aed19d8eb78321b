"""A table with all settings is restored with all settings, also after interruptions and lost responses.

On the sandbox, which emulates AWS: the tests prove the order, the waiting and the comparing.
"""

from __future__ import annotations

import copy as copying
import json
import signal
import threading
from collections import Counter
from typing import Any

import pytest

from ddbbackup.sandbox import moto_policies, moto_settings
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.aws import Aws, in_order
from tests.support.everything import OTHER_REGION, Everything, policy
from tests.support.fault_proxy import RESET, RESET_AFTER, FaultProxy, denies
from tests.support.plans import plan
from tests.support.program import Program, Result
from tests.support.servers import ministack

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": "a"}, "at": {"S": f"{n:03d}"}, "who": {"S": "w"}} for n in range(40)]


@pytest.fixture
def everything(sandbox: Aws, name: str) -> Everything:
    """A table with all settings that the sandbox supports, and with items."""
    table = Everything(sandbox, name)
    table.create()
    sandbox.put(name, *ITEMS)
    return table


def restoring(aws: Aws, bucket: str, name: str, target: str, **to: Any) -> str:
    """A plan that backs up a table, with one restore of it, `back`.

    A table that was on demand for its load keeps more warm throughput than the recorded one has.
    """
    restore = {
        "table": name,
        "method": "write",
        "to": {"table": target, **to},
        "limits": {"load_capacity": "as-recorded"},
    }
    return plan(aws, bucket, tables=[{"name": name}], restores={"back": restore})


def through(aws: Aws, url: str) -> Aws:
    """The same AWS with DynamoDB behind a proxy."""
    there = copying.copy(aws)
    there.endpoint_urls = {**aws.endpoint_urls, "dynamodb": url}
    return there


def settings(result: Result) -> dict[str, dict[str, Any]]:
    return {each["setting"]: each for each in result.report["outcomes"][0]["facts"]["settings"]}


def statuses(result: Result) -> dict[str, str]:
    return {name: each["status"] for name, each in settings(result).items()}


def verdicts(preview: Result) -> dict[str, str]:
    """The verdict of a preview of one restore for each setting."""
    (step,) = preview.report["restores"]
    return {each["setting"]: each["verdict"] for each in step["facts"]["settings"]}


def record(aws: Aws, bucket: str, name: str) -> dict[str, Any]:
    (key,) = [key for key in aws.record_keys(bucket, name) if key.endswith(".json")]
    return dict(json.loads(aws.read(bucket, key)))


def recorded_settings(aws: Aws, bucket: str, name: str) -> dict[str, Any]:
    return aws.table_document(bucket, name, record(aws, bucket, name)["settings"])


def test_a_table_with_all_settings_is_restored_with_all_settings(
    everything: Everything, bucket: str, program: Program
) -> None:
    """Backed up, deleted, restored with `settings: all`: AWS returns the same, except for volatile fields."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, name, settings="all"))
    assert program.run("backup").code == 0
    before = everything.settings()
    everything.delete()

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert everything.settings() == before
    assert aws.items(name) == in_order(ITEMS)
    assert set(statuses(done).values()) == {"applied", "unchanged"}


def test_an_on_demand_table_is_restored_with_its_limits_and_vector_indexes(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Settings that only such tables have; and encryption with aws/dynamodb, which is requested without a key ID."""
    table = Everything(sandbox, name)
    limits = {"MaxReadRequestUnits": 900, "MaxWriteRequestUnits": 300}
    by_who = {"IndexName": "by-who", "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}]}
    sandbox.create_table(
        name,
        pitr=True,
        AttributeDefinitions=[{"AttributeName": "who", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[
            {
                **by_who,
                "Projection": {"ProjectionType": "ALL"},
                "OnDemandThroughput": {"MaxReadRequestUnits": 50},
            }
        ],
        OnDemandThroughput=limits,
        SSESpecification={"Enabled": True, "SSEType": "KMS"},
        VectorIndexes=[
            {
                "IndexName": "alike",
                "VectorAttribute": {"AttributeName": "embedding"},
                "Projection": {"ProjectionType": "KEYS_ONLY"},
                "Dimensions": 384,
                "DistanceFunction": "COSINE",
            }
        ],
    )
    program.plan(restoring(sandbox, bucket, name, name))
    assert program.run("backup").code == 0
    before = table.settings()
    sandbox.dynamodb.delete_table(TableName=name)

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    after = table.settings()
    assert after["table"] == before["table"]
    assert after["table"]["VectorIndexes"][0]["Dimensions"] == 384
    assert statuses(done)["on-demand-limits"] == statuses(done)["encryption"] == "applied"


def test_the_settings_of_a_copy_name_the_copy(everything: Everything, bucket: str, program: Program) -> None:
    """ARNs in policies, resources of auto scaling and the stream are those of the copy, never of the original."""
    aws, name = everything.aws, everything.name
    copy = Everything(aws, f"{name}-copy")
    program.plan(restoring(aws, bucket, name, copy.name, settings="all"))
    assert program.run("backup").code == 0
    original = everything.settings()

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert settings(done)["kinesis"]["status"] == "skipped"
    assert "list `kinesis`" in settings(done)["kinesis"]["reason"]
    assert {**copy.settings(), "kinesis": original["kinesis"]} == original
    assert everything.settings() == original

    program.plan(
        plan(
            aws,
            bucket,
            tables=[{"name": name}],
            restores={
                "back": {
                    "table": name,
                    "method": "write",
                    "existing": "keep",
                    "to": {"table": copy.name, "settings": ["kinesis"]},
                }
            },
        )
    )
    named = program.run("restore", "back", "--output", "json")
    assert named.code == 0, named.out
    assert statuses(named)["kinesis"] == "applied"
    assert copy.settings()["kinesis"] == original["kinesis"]


def test_only_requested_settings_are_applied(everything: Everything, bucket: str, program: Program) -> None:
    """The others are listed as skipped, with exit code 0."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, f"{name}-2"))
    assert program.run("backup").code == 0

    for number, selection in enumerate((None, "none", ["ttl"])):
        target = f"{name}-{number}"
        to = {} if selection is None else {"settings": selection}
        program.plan(restoring(aws, bucket, name, target, **to))
        done = program.run("restore", "back", "--output", "json")

        assert done.code == 0, done.out
        found = Everything(aws, target).settings()
        assert ("SSEDescription" in found["table"]) == (selection is None)
        assert ("TableClassSummary" in found["table"]) == (selection is None)
        assert (found["ttl"]["TimeToLiveStatus"] == "ENABLED") == (selection == ["ttl"])
        assert found["tags"] == {}
        assert not found["table"]["DeletionProtectionEnabled"]
        assert settings(done)["tags"]["reason"] == "not requested by the plan"


@pytest.mark.parametrize("method", ["import", "point-in-time"])
def test_settings_that_a_restore_by_aws_does_not_copy_are_applied(
    sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock, method: str
) -> None:
    """Tags, table class, stream, TTL, recovery, insights, scaling and deletion protection."""
    original, copy = Everything(sandbox, name), Everything(sandbox, f"{name}-copy")
    original.create(local_index=method != "import")
    sandbox.put(name, *ITEMS)
    clock.advance(600)
    restore = {"table": name, "method": method, "to": {"table": copy.name, "settings": "all"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": restore}))
    assert program.run("backup").code == 0
    before = original.settings()

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert {**copy.settings(), "kinesis": before["kinesis"]} == before
    assert sandbox.items(copy.name) == in_order(ITEMS)
    assert statuses(done)["tags"] == statuses(done)["table-class"] == "applied"


def test_a_policy_that_denies_everything_else_is_applied_last(
    sandbox: Aws, bucket: str, name: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after replicas and deletion protection, although AWS enforces a Deny as soon as it has accepted it."""
    monkeypatch.setattr(moto_policies, "DENIED_SECONDS", 1e9)
    table, copy = Everything(sandbox, name), Everything(sandbox, f"{name}-copy")
    sandbox.create_table(
        name,
        pitr=True,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    ttl = {"Enabled": True, "AttributeName": "expires"}
    sandbox.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    actions = ["dynamodb:Update*", "dynamodb:TagResource", "dynamodb:BatchWriteItem", "dynamodb:Enable*"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": table.arn}
    statements = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    stream = table.idle()["LatestStreamArn"]
    stream_deny = statements.replace(table.arn, stream)
    table.put_policy(table.arn, statements)
    table.put_policy(stream, stream_deny)
    table.update(ReplicaUpdates=[{"Create": {"RegionName": OTHER_REGION}}])
    table.update(DeletionProtectionEnabled=True)
    program.plan(restoring(sandbox, bucket, name, copy.name, settings="all"))
    assert program.run("backup").code == 0
    before = table.settings()

    monkeypatch.setattr(moto_policies, "DENIED_SECONDS", 0.0)
    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert copy.settings() == before
    assert statuses(done)["replicas"] == statuses(done)["deletion-protection"] == "applied"


# ---- interruptions and lost responses


def test_a_restore_that_is_killed_while_it_applies_settings_continues(
    everything: Everything, bucket: str, program: Program
) -> None:
    """SIGKILL after AWS made a change and before its response arrived, four times. No item is written again."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, name, settings="all"))
    assert program.run("backup").code == 0
    before = everything.settings()
    everything.delete()

    for operation in ("UpdateTable", "UpdateTimeToLive", "UpdateContributorInsights", "PutResourcePolicy"):
        with FaultProxy(aws.url, _stop_after(operation, begun := threading.Event())) as proxy:
            program.plan(restoring(through(aws, proxy.url), bucket, name, name, settings="all"))
            process = program.start("restore", "back")
            assert begun.wait(60), process.communicate()
            process.send_signal(signal.SIGKILL)
            process.communicate()
    program.plan(restoring(aws, bucket, name, name, settings="all"))
    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert everything.settings() == before
    assert done.report["outcomes"][0]["facts"]["written"] == 40
    assert not done.named("restore.started")
    unchanged = {setting for setting, status in statuses(done).items() if status == "unchanged"}
    assert {"stream", "kinesis", "ttl", "pitr", "deletion-protection", "stream-policy"} <= unchanged
    assert statuses(done)["policy"] == "applied"


def _stop_after(operation: str, begun: threading.Event) -> Any:
    """A rule of the proxy: AWS carries out this call, but no response arrives from then on."""

    def rule(seen: str, body: bytes) -> tuple[int, bytes] | None:
        if begun.is_set():
            return RESET
        if seen == operation:
            begun.set()
            return RESET_AFTER
        return None

    return rule


def test_a_lost_response_is_no_failure(everything: Everything, bucket: str, program: Program) -> None:
    """AWS refuses a second change of TTL for half an hour. Reading TTL shows that the first one took effect."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, f"{name}-2"))
    assert program.run("backup").code == 0
    lost: Counter[str] = Counter()

    def lose(operation: str, body: bytes) -> tuple[int, bytes] | None:
        lost[operation] += 1
        return RESET_AFTER if operation == "UpdateTimeToLive" and lost[operation] == 1 else None

    with FaultProxy(aws.url, lose) as proxy:
        program.plan(restoring(through(aws, proxy.url), bucket, name, f"{name}-2", settings=["ttl"]))
        done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert lost["UpdateTimeToLive"] == 2
    assert statuses(done)["ttl"] == "applied"


def test_an_existing_table_is_changed_one_setting_at_a_time(
    everything: Everything, bucket: str, program: Program
) -> None:
    """UpdateTable makes the changes that CreateTable would have made, if the plan lists the settings.

    The sandbox, as AWS does, refuses two kinds of changes in one call, and any change while another is in progress.
    """
    aws, name = everything.aws, everything.name
    other = Everything(aws, f"{name}-2")
    program.plan(restoring(aws, bucket, name, other.name))
    assert program.run("backup").code == 0
    aws.create_table(other.name, range_key="at")

    requested = ["warm-throughput", "encryption", "table-class", "tags", "stream", "deletion-protection"]
    program.plan(restoring(aws, bucket, name, other.name, settings=requested))
    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert {statuses(done)[each] for each in requested} == {"applied"}
    before, after = everything.settings(), other.settings()
    for member in ("WarmThroughput", "SSEDescription", "TableClassSummary", "StreamSpecification"):
        assert after["table"][member] == before["table"][member]
    assert settings(done)["indexes"]["reason"].startswith("the existing table does not have the same indexes")


# ---- refused, failed, unknown


def test_a_denied_setting_is_refused_and_the_others_are_applied(
    everything: Everything, bucket: str, program: Program
) -> None:
    """Exit code 3, with the reason. Once it is allowed, the same restore continues with the settings."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, name, settings="all"))
    assert program.run("backup").code == 0
    before = everything.settings()
    everything.delete()

    with FaultProxy(aws.url, denies("PutResourcePolicy", "UpdateTimeToLive")) as proxy:
        program.plan(restoring(through(aws, proxy.url), bucket, name, name, settings="all"))
        refused = program.run("restore", "back", "--output", "json")
    assert refused.code == 3
    error = refused.report["outcomes"][0]["error"]
    assert error["kind"] == "SettingsNotApplied"
    assert f"the data of {name} is complete" in error["message"]
    assert "not authorized to perform: dynamodb:UpdateTimeToLive" in settings(refused)["ttl"]["reason"]
    missing = {name for name, each in settings(refused).items() if each["missing"]}
    assert missing == {"ttl", "policy", "stream-policy"}
    assert statuses(refused)["deletion-protection"] == "applied"
    assert aws.items(name) == in_order(ITEMS)
    assert len(refused.named("setting.refused")) == 3
    assert [event["error"] for event in refused.named("step.failed")] == ["SettingsNotApplied"]

    program.plan(restoring(aws, bucket, name, name, settings="all"))
    done = program.run("restore", "back", "--output", "json")
    assert done.code == 0, done.out
    assert everything.settings() == before
    assert statuses(done)["stream"] == "unchanged"
    assert statuses(done)["ttl"] == "applied"


def test_conflicting_settings_of_the_target_are_refused_and_kept(
    everything: Everything, bucket: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TTL on another attribute, a stream with another view type, another policy. Its own tags stay.

    Insights of the table are enabled, although those of an index that the target does not have are refused.
    """
    monkeypatch.setattr(moto_settings, "UPDATE_SECONDS", 2.0)
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, f"{name}-2"))
    assert program.run("backup").code == 0
    other = Everything(aws, f"{name}-2")
    aws.create_table(
        other.name, range_key="at", Tags=[{"Key": "own", "Value": "1"}, {"Key": "tag-0", "Value": "x"}]
    )
    ttl = {"Enabled": True, "AttributeName": "other"}
    aws.dynamodb.update_time_to_live(TableName=other.name, TimeToLiveSpecification=ttl)
    other.update(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    other.put_policy(other.arn, policy(f"{other.arn}/index/other"))
    recovery = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 30}
    aws.dynamodb.update_continuous_backups(TableName=other.name, PointInTimeRecoverySpecification=recovery)
    before = other.settings()

    requested = ["tags", "ttl", "stream", "policy", "pitr", "insights", "auto-scaling"]
    program.plan(restoring(aws, bucket, name, other.name, settings=requested))
    done = program.run("restore", "back", "--output", "json")

    assert done.code == 3
    found = settings(done)
    assert [found[each]["status"] for each in ("ttl", "stream", "policy")] == ["refused"] * 3
    assert "has TTL on attribute other" in found["ttl"]["reason"]
    assert (found["pitr"]["status"], found["auto-scaling"]["status"]) == ("unchanged", "skipped")
    assert "on demand" in found["auto-scaling"]["reason"]
    assert "no index by-who" in found["insights"]["reason"]
    after = other.settings()
    assert after["insights"][0][0] == "ENABLED", "what is possible is applied"
    assert after["tags"] == {**everything.settings()["tags"], "own": "1"}
    for each in ("ttl", "policies", "pitr"):
        assert after[each] == before[each]
    assert after["table"]["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"


def test_a_missing_kinesis_stream_fails_the_setting(
    everything: Everything, bucket: str, program: Program
) -> None:
    """AWS accepts the call and reports the failure later."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, name, settings=["kinesis"]))
    assert program.run("backup").code == 0
    everything.delete()
    everything.aws.client("kinesis").delete_stream(StreamName=name)

    done = program.run("restore", "back")

    assert done.code == 3
    assert "ENABLE_FAILED" in done.out
    assert f"the data of {name} is complete" in done.out


def test_a_setting_that_a_backup_could_not_read_is_unknown_and_not_absent(
    everything: Everything, bucket: str, program: Program
) -> None:
    """Denied and unsupported settings are unknown, each with its reason. The backup does not fail."""
    aws, name = everything.aws, everything.name
    unknown = {"__type": "com.amazonaws.dynamodb.v20120810#UnknownOperationException", "message": ""}
    deny = denies("DescribeTimeToLive")

    def rule(operation: str, body: bytes) -> tuple[int, bytes] | None:
        if operation == "DescribeKinesisStreamingDestination":
            return 400, json.dumps(unknown).encode()
        found: tuple[int, bytes] | None = deny(operation, body)
        return found

    with FaultProxy(aws.url, rule) as proxy:
        program.plan(restoring(through(aws, proxy.url), bucket, name, f"{name}-2"))
        done = program.run("backup", "--output", "json")
    assert done.code == 0, done.out
    recorded = recorded_settings(aws, bucket, name)
    assert (recorded["ttl"]["state"], recorded["ttl"]["reason"]) == ("unknown", "denied")
    assert (recorded["kinesis"]["state"], recorded["kinesis"]["reason"]) == ("unknown", "unsupported")
    assert recorded["pitr"]["state"] == "present"
    (event,) = done.named("settings.read")
    assert event["unknown"] == ["kinesis: unsupported", "ttl: denied"]
    assert done.report["outcomes"][0]["facts"]["settings_not_read"] == ["ttl (denied)"]

    program.plan(restoring(aws, bucket, name, f"{name}-2", settings=["kinesis", "tags"]))
    lacking = program.run("restore", "back", "--output", "json")
    assert lacking.code == 0, "the endpoint of the backup does not support it"
    assert statuses(lacking)["kinesis"] == "unknown"

    program.plan(restoring(aws, bucket, name, f"{name}-3", settings=["ttl", "tags"]))
    denied = program.run("restore", "back", "--output", "json")
    assert denied.code == 3
    assert settings(denied)["ttl"]["reason"].startswith("denied: ")
    assert statuses(denied)["tags"] == "applied"


@pytest.mark.parametrize("deleted", [False, True])
def test_a_run_that_continues_a_backup_reads_the_settings(
    everything: Everything, bucket: str, program: Program, deleted: bool
) -> None:
    """Killed after the export was started. The settings are unknown only if the table was deleted since."""
    aws, name = everything.aws, everything.name
    with FaultProxy(aws.url, _stop_after("DescribeTimeToLive", begun := threading.Event())) as proxy:
        program.plan(restoring(through(aws, proxy.url), bucket, name, f"{name}-2", settings=["ttl"]))
        process = program.start("backup")
        assert begun.wait(60), process.communicate()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert record(aws, bucket, name)["settings"] is None
    if deleted:
        everything.delete()
    program.plan(restoring(aws, bucket, name, f"{name}-2", settings=["ttl"]))

    continued = program.run("wait")

    assert continued.code == 0, continued.out
    ttl = recorded_settings(aws, bucket, name)["ttl"]
    assert (ttl["state"], ttl.get("reason")) == (("unknown", "not-read") if deleted else ("present", None))
    assert ("settings not read: " in continued.out) == deleted
    assert program.run("restore", "back").code == (3 if deleted else 0)


def test_no_table_is_created_with_less_encryption(
    everything: Everything, bucket: str, program: Program
) -> None:
    """A KMS key does not encrypt in another region: refused before the table is created, and in preview."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, name, region="eu-central-1"))
    assert program.run("backup").code == 0

    preview = program.run("preview", "restore", "back", "--output", "json")
    done = program.run("restore", "back", "--output", "json")

    error = done.report["outcomes"][0]["error"]
    assert (done.code, preview.code) == (1, 1)
    assert "exists in eu-west-1 only" in error["message"]
    assert "exists in eu-west-1 only" in preview.out
    elsewhere = aws.client("dynamodb", "eu-central-1")
    assert name not in elsewhere.list_tables()["TableNames"]

    program.plan(
        restoring(
            aws, bucket, name, name, region="eu-central-1", settings=["tags", "ttl", "kinesis", "policy"]
        )
    )
    without = program.run("restore", "back", "--output", "json")
    assert without.code == 3, without.out
    assert "ENABLE_FAILED" in settings(without)["kinesis"]["reason"]
    assert statuses(without)["policy"] == "applied"
    text = elsewhere.get_resource_policy(ResourceArn=everything.arn.replace("eu-west-1", "eu-central-1"))[
        "Policy"
    ]
    assert "eu-west-1" not in text


def test_an_independent_server_accepts_the_settings(
    everything: Everything, bucket: str, program: Program
) -> None:
    """ministack did not have the table before. Afterwards it returns the recorded settings."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, name))
    assert program.run("backup").code == 0
    before = everything.settings()

    with ministack() as url:
        # The sandbox tells the account, so that the backup is of the same one.
        there = Aws(url, aws.url)
        there.endpoint_urls = {**there.endpoint_urls, "sts": aws.url}
        requested = [
            "tags",
            "table-class",
            "stream",
            "kinesis",
            "ttl",
            "pitr",
            "insights",
            "deletion-protection",
        ]
        program.plan(restoring(there, bucket, name, name, settings=requested))
        done = program.run("restore", "back", "--output", "json")
        assert done.code == 0, done.out
        dynamodb = there.dynamodb
        table = dynamodb.describe_table(TableName=name)["Table"]
        for member in ("KeySchema", "StreamSpecification", "DeletionProtectionEnabled"):
            assert table[member] == before["table"][member]
        assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
        ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert ttl == before["ttl"]
        (stream,) = dynamodb.describe_kinesis_streaming_destination(TableName=name)[
            "KinesisDataStreamDestinations"
        ]
        assert stream["StreamArn"] == everything.kinesis_arn
        pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=table["TableArn"])
        assert {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]} == before["tags"]


def test_preview_shows_what_the_run_does_with_each_setting(
    everything: Everything, bucket: str, program: Program
) -> None:
    """For a target that will be created, and for one that exists."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, f"{name}-2", settings="all"))
    assert program.run("backup").code == 0

    before = program.run("preview", "restore", "back", "--output", "json")
    done = program.run("restore", "back", "--output", "json")
    after = program.run("preview", "restore", "back", "--output", "json")

    assert done.code == 0
    expected = verdicts(before)
    applied = {name for name, status in statuses(done).items() if status == "applied"}
    assert {name for name, verdict in expected.items() if verdict == "would be applied"} == applied
    assert set(verdicts(after).values()) == {"same", "skipped"}
    assert verdicts(after)["kinesis"] == "skipped"
