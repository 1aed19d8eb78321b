"""A table with everything set comes back with everything set, whatever happens on the way.

On the sandbox, which emulates AWS: what it proves is the order, the waiting and the comparing.
"""

from __future__ import annotations

import copy as copying
import json
import signal
import threading
from collections import Counter
from typing import Any

import pytest

from ddbbackup.sandbox import moto_settings
from tests.support.aws import Aws, in_order
from tests.support.everything import Everything, policy
from tests.support.fault_proxy import RESET, RESET_AFTER, FaultProxy
from tests.support.plans import plan
from tests.support.program import Program, Result
from tests.support.servers import ministack

Item = dict[str, Any]
ITEMS: list[Item] = [{"id": {"S": "a"}, "at": {"S": f"{n:03d}"}, "who": {"S": "w"}} for n in range(40)]


@pytest.fixture
def everything(sandbox: Aws, name: str) -> Everything:
    """The everything-table, with items."""
    table = Everything(sandbox, name)
    table.create()
    sandbox.put(name, *ITEMS)
    return table


def restoring(aws: Aws, bucket: str, name: str, target: str, **to: Any) -> str:
    """A plan that backs a table up, with one restore of it, `back`."""
    restore = {"table": name, "method": "write", "to": {"table": target, **to}}
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
    """What a preview of one restore says of each setting."""
    (step,) = preview.report["restores"]
    return {each["setting"]: each["verdict"] for each in step["facts"]["settings"]}


def record(aws: Aws, bucket: str, name: str) -> dict[str, Any]:
    (key,) = [key for key in aws.record_keys(bucket, name) if key.endswith(".json")]
    return dict(json.loads(aws.read(bucket, key)))


def test_the_everything_table_comes_back_as_it_was(
    everything: Everything, bucket: str, program: Program
) -> None:
    """Backed up, deleted, restored with `settings: all`: every read compares equal, volatile fields aside."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, name, settings="all"))
    assert program.run("backup").code == 0
    before = everything.settings()
    everything.delete()

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert everything.settings() == before
    assert aws.items(name) == in_order(ITEMS)
    assert set(statuses(done).values()) == {"put back", "unchanged"}


def test_an_on_demand_table_comes_back_with_its_limits_and_vectors(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """What only such tables have; and aws/dynamodb, which is asked for without a key id."""
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
    assert statuses(done)["on-demand-limits"] == statuses(done)["encryption"] == "put back"


def test_a_copy_gets_settings_of_its_own(everything: Everything, bucket: str, program: Program) -> None:
    """ARNs in policies, resources of auto scaling and the stream are those of the copy, never the original's."""
    aws, name = everything.aws, everything.name
    copy = Everything(aws, f"{name}-copy")
    program.plan(restoring(aws, bucket, name, copy.name, settings="all"))
    assert program.run("backup").code == 0
    original = everything.settings()

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert settings(done)["kinesis"]["status"] == "skipped"
    assert "name `kinesis`" in settings(done)["kinesis"]["reason"]
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
    assert statuses(named)["kinesis"] == "put back"
    assert copy.settings()["kinesis"] == original["kinesis"]


def test_only_what_the_plan_asks_for_is_put_back(
    everything: Everything, bucket: str, program: Program
) -> None:
    """The rest is listed, with exit 0: nobody asked for it."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, f"{name}-2"))
    assert program.run("backup").code == 0

    for number, wish in enumerate((None, "none", ["ttl"])):
        target = f"{name}-{number}"
        to = {} if wish is None else {"settings": wish}
        program.plan(restoring(aws, bucket, name, target, **to))
        done = program.run("restore", "back", "--output", "json")

        assert done.code == 0, done.out
        found = Everything(aws, target).settings()
        assert ("SSEDescription" in found["table"]) == (wish is None)
        assert ("TableClassSummary" in found["table"]) == (wish is None)
        assert (found["ttl"]["TimeToLiveStatus"] == "ENABLED") == (wish == ["ttl"])
        assert found["tags"] == {}
        assert not found["table"]["DeletionProtectionEnabled"]
        assert settings(done)["tags"]["reason"] == "the plan does not ask for it"


@pytest.mark.parametrize("method", ["import", "point-in-time"])
def test_what_other_methods_lose_comes_back(
    sandbox: Aws, bucket: str, name: str, program: Program, method: str
) -> None:
    """AWS's own restores leave tags, class, stream, TTL, recovery, insights, scaling and protection behind."""
    original, copy = Everything(sandbox, name), Everything(sandbox, f"{name}-copy")
    original.create(local_index=method != "import")
    sandbox.put(name, *ITEMS)
    restore = {"table": name, "method": method, "to": {"table": copy.name, "settings": "all"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"back": restore}))
    assert program.run("backup").code == 0
    before = original.settings()

    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert {**copy.settings(), "kinesis": before["kinesis"]} == before
    assert sandbox.items(copy.name) == in_order(ITEMS)
    assert statuses(done)["tags"] == statuses(done)["table-class"] == "put back"


# ---- killed, and answers that were lost


def test_killed_while_putting_back_it_goes_on_where_it_stopped(
    everything: Everything, bucket: str, program: Program
) -> None:
    """SIGKILL in the middle of one change after the other, each done by AWS already: no item is written again."""
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
    assert {"stream", "kinesis", "ttl", "pitr", "policy"} <= unchanged
    assert statuses(done)["deletion-protection"] == "put back"


def _stop_after(operation: str, begun: threading.Event) -> Any:
    """A rule of the proxy: AWS does this one, but nothing comes back any more."""

    def rule(seen: str, body: bytes) -> tuple[int, bytes] | None:
        if begun.is_set():
            return RESET
        if seen == operation:
            begun.set()
            return RESET_AFTER
        return None

    return rule


def test_an_answer_that_was_lost_is_no_failure(everything: Everything, bucket: str, program: Program) -> None:
    """A second change of TTL is refused for half an hour: that the first one took is seen by reading it."""
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
    assert statuses(done)["ttl"] == "put back"


def test_an_existing_table_is_changed_one_concern_at_a_time(
    everything: Everything, bucket: str, program: Program
) -> None:
    """What CreateTable would have done is done by UpdateTable, if the plan names it; the sandbox, as AWS does,
    refuses two concerns in one call, and any while another is under way.
    """
    aws, name = everything.aws, everything.name
    other = Everything(aws, f"{name}-2")
    program.plan(restoring(aws, bucket, name, other.name))
    assert program.run("backup").code == 0
    aws.create_table(other.name, range_key="at")

    wish = ["warm-throughput", "encryption", "table-class", "tags", "stream", "deletion-protection"]
    program.plan(restoring(aws, bucket, name, other.name, settings=wish))
    done = program.run("restore", "back", "--output", "json")

    assert done.code == 0, done.out
    assert {statuses(done)[each] for each in wish} == {"put back"}
    before, after = everything.settings(), other.settings()
    for member in ("WarmThroughput", "SSEDescription", "TableClassSummary", "StreamSpecification"):
        assert after["table"][member] == before["table"][member]
    assert settings(done)["indexes"]["reason"].startswith("the table exists with others")


# ---- refused, failed, unknown


def denies(*operations: str) -> Any:
    """A rule of the proxy: AWS does not allow these."""

    def deny(operation: str, body: bytes) -> tuple[int, bytes] | None:
        if operation not in operations:
            return None
        code = "com.amazon.coral.service#AccessDeniedException"
        return 400, json.dumps({"__type": code, "message": f"not authorized to perform {operation}"}).encode()

    return deny


def test_what_may_not_be_put_back_is_refused_and_the_rest_is_put_back(
    everything: Everything, bucket: str, program: Program
) -> None:
    """Exit 3 with the reason; once it is allowed, the same restore goes on with the settings alone."""
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
    assert error["kind"] == "SettingsNotPutBack"
    assert "the data is whole" in error["message"]
    assert "not authorized to perform UpdateTimeToLive" in settings(refused)["ttl"]["reason"]
    missing = {name for name, each in settings(refused).items() if each["missing"]}
    assert missing == {"ttl", "policy", "stream-policy"}
    assert statuses(refused)["deletion-protection"] == "put back"
    assert aws.items(name) == in_order(ITEMS)
    assert len(refused.named("setting.refused")) == 3
    assert [event["error"] for event in refused.named("step.failed")] == ["SettingsNotPutBack"]

    program.plan(restoring(aws, bucket, name, name, settings="all"))
    done = program.run("restore", "back", "--output", "json")
    assert done.code == 0, done.out
    assert everything.settings() == before
    assert statuses(done)["stream"] == "unchanged"
    assert statuses(done)["ttl"] == "put back"


def test_what_the_target_has_otherwise_is_refused_and_left(
    everything: Everything, bucket: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TTL on another attribute, a stream of another view, another policy; its own tags stay.

    Insights of the table are waited for, though those of an index that it lacks are refused.
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
    aws.dynamodb.put_resource_policy(ResourceArn=other.arn, Policy=policy(f"{other.arn}/index/other"))
    recovery = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 30}
    aws.dynamodb.update_continuous_backups(TableName=other.name, PointInTimeRecoverySpecification=recovery)
    before = other.settings()

    wish = ["tags", "ttl", "stream", "policy", "pitr", "insights", "auto-scaling"]
    program.plan(restoring(aws, bucket, name, other.name, settings=wish))
    done = program.run("restore", "back", "--output", "json")

    assert done.code == 3
    found = settings(done)
    assert [found[each]["status"] for each in ("ttl", "stream", "policy")] == ["refused"] * 3
    assert "expires items by other" in found["ttl"]["reason"]
    assert (found["pitr"]["status"], found["auto-scaling"]["status"]) == ("unchanged", "skipped")
    assert "on demand" in found["auto-scaling"]["reason"]
    assert "no index by-who" in found["insights"]["reason"]
    after = other.settings()
    assert after["insights"][0][0] == "ENABLED", "what can be done of it is done"
    assert after["tags"] == {**everything.settings()["tags"], "own": "1"}
    for each in ("ttl", "policies", "pitr"):
        assert after[each] == before[each]
    assert after["table"]["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"


def test_a_stream_of_kinesis_that_is_not_there_fails_the_setting(
    everything: Everything, bucket: str, program: Program
) -> None:
    """AWS takes the call and gives up later: what it says then is what counts."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, name, settings=["kinesis"]))
    assert program.run("backup").code == 0
    everything.delete()
    everything.aws.client("kinesis").delete_stream(StreamName=name)

    done = program.run("restore", "back")

    assert done.code == 3
    assert "ENABLE_FAILED" in done.out
    assert "the data is whole" in done.out


def test_a_backup_says_what_it_could_not_read_and_a_restore_does_not_take_it_for_absent(
    everything: Everything, bucket: str, program: Program
) -> None:
    """Denied and unsupported are unknown, each with its reason; the backup is whole all the same."""
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
    recorded = record(aws, bucket, name)["settings"]
    assert (recorded["ttl"]["state"], recorded["ttl"]["reason"]) == ("unknown", "denied")
    assert (recorded["kinesis"]["state"], recorded["kinesis"]["reason"]) == ("unknown", "unsupported")
    assert recorded["pitr"]["state"] == "present"
    (event,) = done.named("settings.read")
    assert event["unknown"] == ["kinesis: unsupported", "ttl: denied"]
    assert done.report["outcomes"][0]["facts"]["settings_not_read"] == ["ttl (denied)"]

    program.plan(restoring(aws, bucket, name, f"{name}-2", settings=["kinesis", "tags"]))
    lacking = program.run("restore", "back", "--output", "json")
    assert lacking.code == 0, "where the backup was made there was no such thing"
    assert statuses(lacking)["kinesis"] == "unknown"

    program.plan(restoring(aws, bucket, name, f"{name}-3", settings=["ttl", "tags"]))
    denied = program.run("restore", "back", "--output", "json")
    assert denied.code == 3
    assert settings(denied)["ttl"]["reason"].startswith("denied: ")
    assert statuses(denied)["tags"] == "put back"


@pytest.mark.parametrize("deleted", [False, True])
def test_settings_are_read_by_whoever_takes_a_backup_up(
    everything: Everything, bucket: str, program: Program, deleted: bool
) -> None:
    """Killed between the start of the export and the reading; unknown only if the table is gone by then."""
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

    taken_up = program.run("wait")

    assert taken_up.code == 0, taken_up.out
    ttl = record(aws, bucket, name)["settings"]["ttl"]
    assert (ttl["state"], ttl.get("reason")) == (("unknown", "not-read") if deleted else ("present", None))
    assert ("settings not read: " in taken_up.out) == deleted
    assert program.run("restore", "back").code == (3 if deleted else 0)


def test_no_table_is_made_that_is_encrypted_less(
    everything: Everything, bucket: str, program: Program
) -> None:
    """A KMS key of one region does not encrypt in another: refused before anything is made, in preview too."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, name, region="eu-central-1"))
    assert program.run("backup").code == 0

    foreseen = program.run("preview", "restore", "back", "--output", "json")
    done = program.run("restore", "back", "--output", "json")

    error = done.report["outcomes"][0]["error"]
    assert (done.code, foreseen.code) == (1, 1)
    assert "exists in eu-west-1 only" in error["message"]
    assert "exists in eu-west-1 only" in foreseen.out
    elsewhere = aws.client("dynamodb", "eu-central-1")
    assert name not in elsewhere.list_tables()["TableNames"]

    program.plan(
        restoring(
            aws, bucket, name, name, region="eu-central-1", settings=["tags", "ttl", "kinesis", "policy"]
        )
    )
    without = program.run("restore", "back", "--output", "json")
    assert without.code == 3, without.out
    assert "ENABLE_FAILED" in settings(without)["kinesis"]["reason"], "of the stream of that name there"
    assert statuses(without)["policy"] == "put back"
    text = elsewhere.get_resource_policy(ResourceArn=everything.arn.replace("eu-west-1", "eu-central-1"))[
        "Policy"
    ]
    assert "eu-west-1" not in text


def test_an_independent_server_takes_what_is_put_back(
    everything: Everything, bucket: str, program: Program
) -> None:
    """ministack, which nobody here wrote, has never seen the table: what it says afterwards is what was recorded."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, name))
    assert program.run("backup").code == 0
    before = everything.settings()

    with ministack() as url:
        there = Aws(url, aws.url)
        wish = ["tags", "table-class", "stream", "kinesis", "ttl", "pitr", "insights", "deletion-protection"]
        program.plan(restoring(there, bucket, name, name, settings=wish))
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
        assert stream["StreamArn"] == everything.kinesis_arn.replace("123456789012", "000000000000")
        pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=table["TableArn"])
        assert {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]} == before["tags"]


def test_preview_shows_recorded_beside_existing_settings(
    everything: Everything, bucket: str, program: Program
) -> None:
    """For a target that exists and for one that will be made; what it says is what the run then does."""
    aws, name = everything.aws, everything.name
    program.plan(restoring(aws, bucket, name, f"{name}-2", settings="all"))
    assert program.run("backup").code == 0

    before = program.run("preview", "restore", "back", "--output", "json")
    done = program.run("restore", "back", "--output", "json")
    after = program.run("preview", "restore", "back", "--output", "json")

    assert done.code == 0
    foreseen = verdicts(before)
    back = {name for name, status in statuses(done).items() if status == "put back"}
    assert {name for name, verdict in foreseen.items() if verdict == "would be put back"} == back
    assert set(verdicts(after).values()) == {"same", "skipped"}
    assert verdicts(after)["kinesis"] == "skipped"
