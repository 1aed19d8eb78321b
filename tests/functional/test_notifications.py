"""Notifications and metrics, by running the program: pings, webhooks, SNS in the sandbox, OpenTelemetry."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from moto.sns.models import sns_backends
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ddbbackup.sandbox.moto_exports import MotoExports
from ddbbackup.sandbox.server import Sandbox
from tests.support.aws import REGION, Aws
from tests.support.plans import plan
from tests.support.program import Program
from tests.support.receiver import Receiver, receiver


@pytest.fixture
def inbox() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def on_the_sandbox(aws: Aws, bucket: str, **members: Any) -> str:
    document = json.loads(plan(aws, bucket, **members))
    document["aws"]["endpoint_urls"]["sns"] = aws.url
    return json.dumps(document)


def test_a_run_notifies_every_channel_once(
    running_sandbox: Sandbox, sandbox: Aws, bucket: str, name: str, program: Program, inbox: Receiver
) -> None:
    """A backup with a failed table: ping, Slack, webhook and SNS; neither log nor report contains an address."""
    sandbox.create_table(name, pitr=True)
    topic = sandbox.client("sns").create_topic(Name=name)["TopicArn"]
    notifications = {
        "dead-man": {"ping": {"url": "${PING_URL}"}},
        "ops": {"slack": {"webhook_url": "${SLACK_WEBHOOK_URL}"}, "when": ["partial"]},
        "hook": {"webhook": {"url": f"{inbox.url}/hook", "headers": {"X-Token": "${TOKEN}"}}},
        "pager": {"sns": {"topic_arn": topic}},
        "quiet": {"webhook": {"url": f"{inbox.url}/quiet"}, "when": ["recovered"]},
        "nowhere": {"slack": {"webhook_url": "${NOT_SET_HERE:-}"}},
    }
    tables = [{"name": name, "rpo": "1h"}, {"name": f"{name}-gone", "rpo": "1h"}]
    program.plan(on_the_sandbox(sandbox, bucket, tables=tables, notifications=notifications))

    done = program.run(
        *("backup", "--output", "json"),
        PING_URL=f"{inbox.url}/ping/hunter2",
        SLACK_WEBHOOK_URL=f"{inbox.url}/slack/hunter2",
        TOKEN="hunter2",
    )

    assert done.code == 3, done.err
    assert sorted(inbox.paths) == ["/hook", "/ping/hunter2/3", "/ping/hunter2/start", "/slack/hunter2"]
    assert {each["notification"] for each in done.named("notification.sent")} == {
        "dead-man",
        "ops",
        "hook",
        "pager",
    }
    assert [each["notification"] for each in done.named("notification.skipped")] == ["nowhere"]
    assert done.named("notification.failed") == []
    ((_, message, subject, *_),) = (
        sns_backends[running_sandbox.account][REGION].topics[topic].sent_notifications
    )
    assert subject == "ddbbackup backup test: 1 failed, 1 ok (partial, stale)"
    assert f"FAILED  backup {name}-gone\n" in message
    (hook,) = [request for request in inbox.requests if request.path == "/hook"]
    assert hook.headers["X-Token"] == "hunter2"
    document = json.loads(hook.body)
    assert document["report"]["outcomes"] == done.report["outcomes"]
    assert {each["table"]: each["status"] for each in document["tables"]} == {
        name: "ok",
        f"{name}-gone": "never",
    }
    assert "hunter2" not in done.out + done.err


def test_a_receiver_that_fails_changes_nothing(
    sandbox: Aws, bucket: str, name: str, program: Program, inbox: Receiver
) -> None:
    """The backup still exits 0, with a warning."""
    inbox.answer = lambda request: (500, {})
    sandbox.create_table(name, pitr=True)
    hook = {"webhook": {"url": f"{inbox.url}/hook"}, "when": ["always"], "timeout": "1s"}
    metrics = {"pushgateway": {"url": inbox.url}}
    program.plan(
        plan(sandbox, bucket, tables=[{"name": name}], notifications={"hook": hook}, metrics=metrics)
    )
    done = program.run("backup")
    assert done.code == 0, done.err
    assert [each["notification"] for each in done.named("notification.failed")] == ["hook"]
    assert [each["to"] for each in done.named("metrics.failed")] == ["pushgateway"]


def test_a_run_that_cannot_start_is_notified(
    sandbox: Aws, bucket: str, program: Program, inbox: Receiver
) -> None:
    """Without credentials, for example."""
    hook = {"webhook": {"url": f"{inbox.url}/hook"}}
    program.plan(plan(sandbox, bucket, tables=[{"match": "*"}], notifications={"hook": hook}))
    done = program.run("backup", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert done.code == 77
    (request,) = inbox.requests
    document = json.loads(request.body)
    assert (document["exit_code"], document["error"]["kind"], document["conditions"]) == (
        77,
        "AccessDenied",
        ["failed"],
    )


def test_a_terminated_run_is_notified(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports, inbox: Receiver
) -> None:
    """SIGTERM while exports run: the ping receives 143, and the process exits within four seconds."""
    exports.export_seconds = (600.0, 600.0)
    sandbox.create_table(name, pitr=True)
    notifications = {"dead-man": {"ping": {"url": "${PING_URL}"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], notifications=notifications))
    process = program.start("backup", PING_URL=f"{inbox.url}/ping")
    while not any(export.table_arn.endswith(name) for export in exports.started):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 143
    assert time.monotonic() - started < 4
    assert inbox.paths == ["/ping/start", "/ping/143"]


def test_status_notifies_of_stale_tables_on_request(
    sandbox: Aws, bucket: str, name: str, program: Program, inbox: Receiver
) -> None:
    """For plans whose backups run elsewhere; by default, `status` notifies nobody."""
    sandbox.create_table(name, pitr=True)
    notifications = {
        "watch": {"webhook": {"url": f"{inbox.url}/watch"}, "verbs": ["status"], "when": ["stale"]},
        "default": {"webhook": {"url": f"{inbox.url}/default"}},
    }
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "rpo": "1h"}], notifications=notifications))
    assert program.run("status").code == 4
    assert inbox.paths == ["/watch"]


def test_a_run_is_part_of_the_trace_of_its_caller(
    sandbox: Aws, bucket: str, name: str, program: Program, inbox: Receiver
) -> None:
    """TRACEPARENT comes from the pipeline; a step is a span; the metrics are those for Prometheus."""
    sandbox.create_table(name, pitr=True)
    metrics = {"opentelemetry": {"endpoint": inbox.url}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "rpo": "1h"}], metrics=metrics))
    done = program.run(
        "backup",
        TRACEPARENT="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        OTEL_SERVICE_NAME="nightly",
    )
    assert done.code == 0, done.err
    assert [each["to"] for each in done.named("metrics.written")] == ["opentelemetry"]
    bodies = dict(zip(inbox.paths, (request.body for request in inbox.requests), strict=True))
    (resource,) = ExportTraceServiceRequest.FromString(bodies["/v1/traces"]).resource_spans
    assert any(each.value.string_value == "nightly" for each in resource.resource.attributes)
    spans = {span.name: span for span in resource.scope_spans[0].spans}
    assert spans["ddbbackup backup"].parent_span_id.hex() == "b7ad6b7169203331"
    step = spans[f"backup {name}"]
    assert step.parent_span_id == spans["ddbbackup backup"].span_id
    assert spans["ddbbackup backup"].start_time_unix_nano <= step.start_time_unix_nano
    assert step.end_time_unix_nano <= spans["ddbbackup backup"].end_time_unix_nano
    assert b"ddbbackup_last_success_timestamp_seconds" in bodies["/v1/metrics"]
