"""Traces and metrics over OTLP, received on loopback and decoded with OpenTelemetry's own messages."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from structlog.testing import capture_logs

from ddbbackup.metrics import record
from ddbbackup.metrics.samples import FAMILIES
from ddbbackup.plan.model import Metrics, OpenTelemetry
from tests.support.receiver import Receiver, receiver
from tests.support.run_summary import END, START, run_summary

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def received(inbox: Receiver) -> tuple[Any, Any]:
    bodies = dict(zip(inbox.paths, (request.body for request in inbox.requests), strict=True))
    return (
        ExportTraceServiceRequest.FromString(_plain(inbox, bodies["/v1/traces"])),
        ExportMetricsServiceRequest.FromString(_plain(inbox, bodies["/v1/metrics"])),
    )


def _plain(inbox: Receiver, body: bytes) -> bytes:
    assert all("Content-Encoding" not in request.headers for request in inbox.requests)
    return body


def attributes(owner: Any) -> Mapping[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in owner.attributes}


def test_a_run_is_a_trace_and_its_steps_are_spans() -> None:
    """Children of the caller's span, with their real times."""
    ends = {"backup orders": END, "backup <users>": START}
    with receiver() as inbox:
        record(
            Metrics(opentelemetry=OpenTelemetry(inbox.url)),
            run_summary(step_ends=ends),
            {"TRACEPARENT": CALLER},
        )
    traces, _ = received(inbox)
    (resource,) = traces.resource_spans
    assert attributes(resource.resource)["service.name"] == "ddbbackup"
    spans = {span.name: span for span in resource.scope_spans[0].spans}
    run = spans["ddbbackup backup"]
    assert (run.trace_id.hex(), run.parent_span_id.hex()) == (CALLER.split("-")[1], CALLER.split("-")[2])
    assert (run.start_time_unix_nano, run.end_time_unix_nano) == (_nano(START), _nano(END))
    assert attributes(run)["ddbbackup.run"] == "4711"
    orders, users = spans["backup orders"], spans["backup <users>"]
    assert orders.parent_span_id == run.span_id
    assert orders.end_time_unix_nano - orders.start_time_unix_nano == 70_500_000_000
    assert attributes(orders)["ddbbackup.items"] == 1200
    assert (users.status.code, attributes(users)["error.type"]) == (2, "PitrDisabled")
    assert run.status.code == 2


def test_the_gauges_are_exported_over_otlp() -> None:
    """Each family with its labels as attributes."""
    with receiver() as inbox:
        record(Metrics(opentelemetry=OpenTelemetry(inbox.url, {"x-token": "t"})), run_summary(), {})
    _, metrics = received(inbox)
    found = {each.name: each for each in metrics.resource_metrics[0].scope_metrics[0].metrics}
    assert set(found) == set(FAMILIES)
    points = {attributes(p)["table"]: p for p in found["ddbbackup_rpo_age_seconds"].gauge.data_points}
    assert points["orders"].as_double == 75
    assert found["ddbbackup_last_success_size_bytes"].unit == "By"
    assert all(request.headers["x-token"] == "t" for request in inbox.requests)


def test_a_receiver_that_refuses_warns() -> None:
    """And changes nothing else."""
    with receiver() as inbox, capture_logs() as logs:
        inbox.answer = lambda request: (400, {})
        record(Metrics(opentelemetry=OpenTelemetry(inbox.url)), run_summary(), {})
    assert [(each["event"], each["reason"]) for each in logs if "event" in each] == [
        ("metrics.failed", "the OTLP receiver rejected the data")
    ]


def test_without_the_extra_the_warning_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan requests it, so it must not be ignored silently."""
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name.startswith("opentelemetry") else real(name)
    )
    with capture_logs() as logs:
        record(Metrics(opentelemetry=OpenTelemetry("http://127.0.0.1:9")), run_summary(), {})
    assert logs[0]["reason"] == "the plan sends metrics to OpenTelemetry, which is not installed"


def _nano(time: Any) -> int:
    return int(time.timestamp() * 1e9)
