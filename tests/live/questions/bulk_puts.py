"""Open questions about StartBulkPutItems, whose guide could not be read in full when ddbbackup was written."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.live import estimate
from tests.live.data import ITEMS
from tests.live.model import Question
from tests.live.questions.bulk_job import bulk_put, ended, line, lines, small, start, wait
from tests.live.stage import ROLE_PATH, Stage, error_of

OF: Final = "restore/bulk_put.py"
GZIP: Final = {"InputCompressionType": "GZIP"}


def plain_export(stage: Stage) -> Any:
    """Into a table with point-in-time recovery and TTL, which shows whether they are an obstacle."""
    table = stage.make_table("bulk-export", pitr=True)
    stage.retrying(
        stage.dynamodb.update_time_to_live,
        TableName=table,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"},
    )
    data = _export_root(stage) + "data/"
    found = bulk_put(stage, "export", {}, table=table, InputS3Configuration={"S3KeyPrefix": data, **GZIP})
    sizes = [each["Size"] for each in stage.keys(stage.vault(), data)]
    return {**found, "stored bytes of the input": sum(sizes), "expected items": len(ITEMS)}


def export_root(stage: Stage) -> Any:
    """Below which the manifests lie too."""
    return bulk_put(stage, "root", {}, InputS3Configuration={"S3KeyPrefix": _export_root(stage), **GZIP})


def wrong_compression(stage: Stage) -> Any:
    data = _export_root(stage) + "data/"
    packed = bulk_put(stage, "not-gzip", {}, InputS3Configuration={"S3KeyPrefix": data})
    plain = bulk_put(stage, "not-plain", {"a.json": lines(5)}, InputS3Configuration=GZIP)
    return {"gzip read as NONE": packed, "text read as GZIP": plain}


def bad_line(stage: Stage) -> Any:
    """No JSON, no key, a key of the wrong type; each in the middle of an object of its own."""
    bad = {
        "no-json": b"{ this is no JSON\n",
        "no-key": line({"other": {"S": "x"}}),
        "wrong-type": line({"id": {"N": "1"}, "at": {"N": "1"}}),
        "too-large": line(small(900, blob={"S": "x" * 410_000})),
    }
    return {
        name: bulk_put(stage, f"bad-{name}", {"a.json": lines(5) + each + lines(5, start=5)})
        for name, each in bad.items()
    }


def conditions(stage: Stage) -> Any:
    """Guesses at the members of a condition, each in an object of its own: i0 and i1 exist, i2 does not."""
    absent = "attribute_not_exists(id)"
    guesses: dict[str, dict[str, Any]] = {
        "ConditionExpression": {"ConditionExpression": absent},
        "Condition": {"Condition": absent},
        "Condition of members": {"Condition": {"ConditionExpression": absent}},
        "with names": {
            "ConditionExpression": "attribute_not_exists(#k)",
            "ExpressionAttributeNames": {"#k": "id"},
        },
        "with values": {
            "ConditionExpression": "v = :v",
            "ExpressionAttributeValues": {":v": {"S": "old"}},
        },
        "on condition failure": {
            "ConditionExpression": absent,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
    }
    answers = {}
    for number, (name, members) in enumerate(guesses.items()):
        table = stage.make_table(f"bulk-condition-{number}")
        for existing in (0, 1):
            stage.put(table, small(existing, v={"S": "old"}))
        body = b"".join(line(small(each, v={"S": "new"}), **members) for each in range(3))
        found = bulk_put(stage, f"condition-{number}", {"a.json": body}, table=table)
        values = {item["id"]["S"]: item["v"]["S"] for item in stage.items(table)}
        answers[name] = {"members": members, **found, "values": values}
    return answers


def duplicate_keys(stage: Stage) -> Any:
    """Within one object, and in two objects."""
    twice = b"".join(line(small(0, v={"N": str(each)})) for each in range(5))
    first, second = line(small(1, v={"S": "first object"})), line(small(1, v={"S": "second object"}))
    table = stage.make_table("bulk-duplicates")
    found = bulk_put(stage, "duplicates", {"a.json": twice, "b.json": first, "c.json": second}, table=table)
    return {**found, "values": {item["id"]["S"]: item["v"] for item in stage.items(table)}}


def unknown_members(stage: Stage) -> Any:
    """Beside the item: members that are not known, and the shape of a line of an incremental export."""
    item = small(2)
    keys = {name: item[name] for name in ("id", "at")}
    incremental = json.dumps({"Keys": keys, "NewImage": item}).encode() + b"\n"
    return {
        "extra member": bulk_put(stage, "extra", {"a.json": line(small(1), Extra=1)}),
        "incremental line": bulk_put(stage, "incremental", {"a.json": incremental}),
        "PutRequest": bulk_put(
            stage, "put-request", {"a.json": json.dumps({"PutRequest": {"Item": item}}).encode() + b"\n"}
        ),
    }


def replaces(stage: Stage) -> Any:
    """Whether an attribute that only the item in the table has survives the put."""
    table = stage.make_table("bulk-replace")
    stage.put(table, small(0, old={"S": "here before"}))
    found = bulk_put(stage, "replace", {"a.json": line(small(0, new={"S": "put"}))}, table=table)
    return {**found, "attributes": sorted(stage.items(table)[0])}


def stream_records(stage: Stage) -> Any:
    table = stage.make_table(
        "bulk-stream", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    )
    found = bulk_put(stage, "stream", {"a.json": lines(5)}, table=table)
    stage.pause(60)
    arn = stage.dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    streams = stage.client("dynamodbstreams")
    records = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records += streams.get_records(ShardIterator=iterator)["Records"]
    kinds = [
        {"event": each["eventName"], "identity": each.get("userIdentity"), "has": sorted(each["dynamodb"])}
        for each in records
    ]
    return {**found, "records": len(records), "kinds": kinds[:2]}


def consumed_capacity(stage: Stage) -> Any:
    """ConsumedWriteCapacityUnits of the table in CloudWatch, after its metrics have arrived."""
    began = datetime.now(UTC)
    table = stage.make_table("bulk-capacity")
    found = bulk_put(stage, "capacity", {"a.json": lines(200)}, table=table)
    stage.pause(600)
    metric = stage.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/DynamoDB",
        MetricName="ConsumedWriteCapacityUnits",
        Dimensions=[{"Name": "TableName", "Value": table}],
        StartTime=began - timedelta(minutes=5),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    points = metric["Datapoints"]
    return {**found, "consumed write units": sum(each["Sum"] for each in points), "points": len(points)}


def second_job(stage: Stage) -> Any:
    """On the same table, while the first one runs."""
    table, root = stage.make_table("bulk-second"), "bulk/second/"
    stage.s3.put_object(Bucket=stage.vault(), Key=f"{root}in/a.json", Body=lines(50))
    first = start(stage, table, root)
    try:
        second: Any = start(stage, table, root)["BulkOperationArn"]
    except ClientError as error:
        second = {"error": error_of(error)}
    statuses = [wait(stage, first["BulkOperationArn"])["BulkOperationStatus"]]
    if isinstance(second, str):
        statuses.append(wait(stage, second)["BulkOperationStatus"])
    return {"second": second if isinstance(second, dict) else "accepted", "statuses": statuses}


def cancelled(stage: Stage) -> Any:
    """At once, again, and after the end; with the report of a job that was cancelled."""
    table, root = stage.make_table("bulk-cancel"), "bulk/cancel/"
    for number in range(4):
        stage.s3.put_object(
            Bucket=stage.vault(), Key=f"{root}in/{number}.json", Body=lines(100, start=100 * number)
        )
    arn = start(stage, table, root)["BulkOperationArn"]
    calls = [_cancel(stage, arn), _cancel(stage, arn)]
    found = ended(stage, arn, table, f"{root}out/")
    return {**found, "cancel": calls, "cancel after the end": _cancel(stage, arn)}


def _cancel(stage: Stage, arn: str) -> Any:
    try:
        return stage.dynamodb.cancel_bulk_operation(BulkOperationArn=arn)["BulkOperationStatus"]
    except ClientError as error:
        return {"error": error_of(error)}


def empty_report(stage: Stage) -> Any:
    """With each type of output alone, and nothing to report."""
    return {
        kind: bulk_put(
            stage,
            f"report-{kind.lower()}",
            {"a.json": lines(3)},
            OutputS3Configuration={"OutputType": [kind]},
        )["report"]
        for kind in ("ERROR", "CONDITION_CHECK_FAILURE")
    }


def arn_shape(stage: Stage) -> Any:
    """With the account and every identity replaced."""
    table, root = stage.make_table("bulk-arn"), "bulk/arn/"
    stage.s3.put_object(Bucket=stage.vault(), Key=f"{root}in/a.json", Body=lines(1))
    arn = start(stage, table, root)["BulkOperationArn"]
    wait(stage, arn)
    return re.sub(r"[0-9a-f]{4,}", "HEX", arn.replace(stage.account, "ACCOUNT").replace(table, "TABLE"))


def odd_inputs(stage: Stage) -> Any:
    """Nothing below the prefix, an empty object, other names, and objects that cannot simply be read."""
    answers = {
        "no object": bulk_put(stage, "nothing", {}),
        "empty objects": bulk_put(
            stage,
            "empty",
            {"a.json.gz": gzip.compress(b""), "b.json.gz": gzip.compress(lines(2))},
            InputS3Configuration=GZIP,
        ),
        "other names": bulk_put(
            stage, "names", {"a": lines(1), "b.txt": lines(1, start=1), "_c.json": lines(1, start=2)}
        ),
        "no last newline": bulk_put(stage, "newline", {"a.json": lines(3).rstrip(b"\n")}),
        "blank line": bulk_put(stage, "blank", {"a.json": lines(1) + b"\n" + lines(1, start=1)}),
    }
    for name, members in {"archived": {"StorageClass": "GLACIER"}, "SSE-C": _customer_key()}.items():
        key = f"bulk/{name}/in/a.json"
        try:
            stage.s3.put_object(Bucket=stage.vault(), Key=key, Body=lines(2), **members)
        except ClientError as error:  # a bucket may refuse customer keys
            answers[name] = {"not written": error_of(error)}
        else:
            answers[name] = bulk_put(stage, name, {})
    return answers


def _customer_key() -> dict[str, Any]:
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}


def encrypted(stage: Stage) -> Any:
    """Input and reports under a customer managed key, with the rights of the caller."""
    key = stage.make_key("bulk")
    sse = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    stage.s3.put_object(Bucket=stage.vault(), Key="bulk/kms/in/a.json", Body=lines(2) + b"{\n", **sse)
    return bulk_put(stage, "kms", {}, OutputS3Configuration={"S3SseAlgorithm": "KMS", "S3SseKmsKeyId": key})


def other_region(stage: Stage) -> Any:
    """Input in a bucket of another region."""
    bucket = stage.make_bucket("bulk-elsewhere", stage.other_region)
    stage.client("s3", stage.other_region).put_object(Bucket=bucket, Key="in/a.json", Body=lines(2))
    return bulk_put(stage, "elsewhere", {}, InputS3Configuration={"S3Bucket": bucket, "S3KeyPrefix": "in/"})


def accelerated(stage: Stage) -> Any:
    return bulk_put(stage, "accelerated", {"a.json": lines(5)}, PerformanceTier="ACCELERATED")


def refused_requests(stage: Stage) -> Any:
    """Requests that the SDK lets through although the guide forbids them."""
    table, root = stage.make_table("bulk-refused"), "bulk/refused/"
    output = {"S3Bucket": stage.vault(), "S3KeyPrefix": f"{root}out/", "OutputType": ["ERROR"]}

    def attempt(**members: Any) -> Any:
        source = {
            "S3Bucket": stage.vault(),
            "S3KeyPrefix": f"{root}in/",
            "InputFormat": "DYNAMODB_JSON",
        }
        try:
            stage.dynamodb.start_bulk_put_items(
                **{
                    "TableName": table,
                    "InputS3Configuration": source,
                    "OutputS3Configuration": output,
                    **members,
                }
            )
        except ClientError as error:
            return {"error": error_of(error)}
        return "accepted"

    return {
        "no output type": attempt(OutputS3Configuration={**output, "OutputType": []}),
        "no output bucket": attempt(OutputS3Configuration={"OutputType": ["ERROR"]}),
        "missing table": attempt(TableName=stage.name("never-made")),
        "missing bucket": attempt(
            InputS3Configuration={"S3Bucket": stage.name("never-made"), "InputFormat": "DYNAMODB_JSON"}
        ),
        "lowest units": attempt(MaxWriteRequestUnits=1024),
    }


def table_deleted(stage: Stage) -> Any:
    """While the job runs; before that, a setting of the table is changed."""
    table, root = stage.make_table("bulk-deleted"), "bulk/deleted/"
    stage.s3.put_object(Bucket=stage.vault(), Key=f"{root}in/a.json", Body=lines(50))
    arn = start(stage, table, root)["BulkOperationArn"]
    changes: dict[str, Any] = {}
    for name, parameters in (
        ("tag_resource", {"ResourceArn": stage.table_arn(table), "Tags": [{"Key": "live", "Value": "1"}]}),
        ("delete_table", {"TableName": table}),
    ):
        try:
            getattr(stage.dynamodb, name)(**parameters)
            changes[name] = "accepted"
        except ClientError as error:
            changes[name] = {"error": error_of(error)}
    return {"changes": changes, **ended(stage, arn, table, f"{root}out/")}


def least_permissions(stage: Stage) -> Any:
    """Begins with a role that may do nothing, and adds the action that AWS names as missing, until a job works."""
    table, root = stage.make_table("bulk-least"), "bulk/least/"
    stage.s3.put_object(Bucket=stage.vault(), Key=f"{root}in/a.json", Body=lines(2))
    role = stage.make_role("least")
    client = stage.assume(role).client("dynamodb")
    allowed: list[str] = []
    refusals: list[Any] = []
    candidates = [
        "s3:ListBucket",
        "s3:GetObject",
        "s3:PutObject",
        "dynamodb:PutItem",
        "dynamodb:BatchWriteItem",
    ]
    for _ in range(len(candidates) + 4):
        try:
            arn = start(stage, table, root, client=client)["BulkOperationArn"]
        except ClientError as error:
            refusals.append(error_of(error))
            match = re.search(
                r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)", error_of(error)["message"]
            )
            missing = match[1] if match else None
        else:
            found = wait(stage, arn)
            if found["BulkOperationStatus"] == "COMPLETED":
                break
            refusals.append({name: found.get(name) for name in ("FailureCode", "FailureMessage")})
            missing = next((each for each in candidates if each not in allowed), None)
        if missing is None or missing in allowed:
            break
        allowed.append(missing)
        statement = {"Effect": "Allow", "Action": allowed, "Resource": stage.own_resources()}
        stage.set_policies("least", {"Version": "2012-10-17", "Statement": [statement]})
    return {"role path": ROLE_PATH, "added in this order": allowed, "refusals": refusals}


def _export_root(stage: Stage) -> str:
    manifest: str = stage.source_export()["ExportManifest"]
    return manifest.removesuffix("manifest-summary.json")


def _asked(identity: str, question: str, ask: Any, jobs: int = 1) -> Question:
    return Question(
        f"bulk-put/{identity}",
        question,
        OF,
        ask,
        charges=tuple(charge * jobs for charge in estimate.bulk_put()),
    )


QUESTIONS: Final = (
    _asked(
        "plain-export", "Does a bulk put load an unchanged full export below data/ with GZIP?", plain_export
    ),
    _asked(
        "export-root", "What does a bulk put make of the manifests, below the root of an export?", export_root
    ),
    _asked("wrong-compression", "What happens with the wrong compression?", wrong_compression, 2),
    _asked(
        "bad-line",
        "Which errors stop an object, are items after a bad line written, and what do counts and report say?",
        bad_line,
        4,
    ),
    _asked("conditions", "What is the syntax of the condition of an item?", conditions, 6),
    _asked("duplicate-keys", "Which of several items with one key wins?", duplicate_keys),
    _asked("unknown-members", "Are unknown members and other shapes of lines accepted?", unknown_members, 3),
    _asked("replaces", "Does a put replace the whole item?", replaces),
    _asked("stream-records", "Does a bulk put emit stream records?", stream_records),
    _asked("consumed-capacity", "Does a bulk put consume write capacity of the table?", consumed_capacity),
    _asked("second-job", "Is a second job on the same table refused, and how?", second_job, 2),
    _asked(
        "cancelled", "What does cancelling return, also after the end, and is there a report then?", cancelled
    ),
    _asked("empty-report", "What is written if there is nothing to report?", empty_report, 2),
    _asked("arn", "What is the shape of the ARN of a bulk operation?", arn_shape),
    _asked("odd-inputs", "What about empty, archived and otherwise unusual objects?", odd_inputs, 7),
    _asked("other-region", "May the input be in a bucket of another region?", other_region),
    Question(
        "bulk-put/encrypted",
        "Does a bulk put read and write objects under a customer managed key?",
        OF,
        encrypted,
        charges=(*estimate.bulk_put(), estimate.kms_key()),
    ),
    _asked("accelerated", "Does this region accept the tier ACCELERATED for a small table?", accelerated),
    _asked(
        "refused-requests", "Which errors do requests get that the SDK lets through?", refused_requests, 2
    ),
    _asked("table-deleted", "What happens if the table is deleted while the job runs?", table_deleted),
    _asked(
        "least-permissions",
        "Which IAM actions does a bulk put need, and which one does AWS name when it is missing?",
        least_permissions,
        2,
    ),
    Question(
        "bulk-put/binary-ion",
        "Does a bulk put accept binary Ion?",
        OF,
        reason="the suite has no writer of binary Ion, and ddbbackup sends DYNAMODB_JSON only",
    ),
    Question(
        "bulk-put/cross-account",
        "May the table or the bucket be in another account?",
        OF,
        reason="needs a second account",
    ),
    Question(
        "bulk-put/limit-error",
        "Which error does a bulk put get above the quota of operations, and of input bytes?",
        OF,
        reason="the quotas have to be reached first; quotas/service-quotas asks for their values",
    ),
    Question(
        "bulk-put/triggers",
        "Do Lambda triggers and Kinesis destinations of the table see the items?",
        OF,
        reason="both read the stream of the table; bulk-put/stream-records asks whether that has records",
    ),
    Question(
        "bulk-put/requester-pays",
        "Can a bulk put read a bucket whose requester pays?",
        OF,
        reason="needs a second account",
    ),
)
