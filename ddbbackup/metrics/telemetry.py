"""OpenTelemetry over OTLP/HTTP: one trace for each run, a span for each step, and the metrics as gauges.

Needs the extra ``otel``. Spans are created after the run, from the outcomes of its steps, so that steps do not
depend on tracing. TRACEPARENT and TRACESTATE make the run a child of the caller's trace (W3C Trace Context;
OpenTelemetry: Environment Variables as Context Propagation Carriers).
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ddbbackup import __version__
from ddbbackup.errors import UsageError
from ddbbackup.http_client import DeliveryError, split_credentials
from ddbbackup.metrics.samples import FAMILIES, Sample, place_labels
from ddbbackup.plan.model import OpenTelemetry
from ddbbackup.project_urls import extra_hint
from ddbbackup.report.run_summary import RunSummary
from ddbbackup.safe_text import escape, escaped
from ddbbackup.tls_trust import CaBundle

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource


def export(
    settings: OpenTelemetry,
    summary: RunSummary,
    samples: Sequence[Sample],
    environ: Mapping[str, str],
    ca_bundle: Callable[[], CaBundle | None],
    *,
    seconds: float,
) -> None:
    """Raises ``UsageError`` without the extra, and ``DeliveryError``."""
    for module in ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"):
        if not _is_installed(module):
            raise UsageError(
                "the plan sends metrics to OpenTelemetry, which is not installed",
                hint=extra_hint("otel"),
            )
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415 - an extra
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra

    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # its messages contain the address
    resource = Resource.create({"service.version": __version__, "ddbbackup.plan": escape(summary.plan)})
    if not environ.get("OTEL_SERVICE_NAME"):
        resource = resource.merge(Resource({"service.name": "ddbbackup"}))
    endpoint, authorization = split_credentials(settings.endpoint) if settings.endpoint else (None, {})
    base = endpoint.rstrip("/") if endpoint else None
    trusted = ca_bundle()
    certificates = trusted.path if trusted is not None else None
    common: dict[str, Any] = {
        "certificate_file": certificates,
        "timeout": seconds,
        "headers": {**authorization, **settings.headers} or None,
    }
    traces = OTLPSpanExporter(endpoint=base and f"{base}/v1/traces", **common)
    gauges = OTLPMetricExporter(endpoint=base and f"{base}/v1/metrics", **common)
    results = [traces.export(_spans(summary, resource, environ)), gauges.export(_metrics(samples, resource))]
    if any(result.name != "SUCCESS" for result in results):
        raise DeliveryError("the OTLP receiver rejected the data")


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _spans(summary: RunSummary, resource: Resource, environ: Mapping[str, str]) -> Sequence[Any]:
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415 - an extra
        InMemorySpanExporter,
    )
    from opentelemetry.trace import Status, StatusCode, set_span_in_context  # noqa: PLC0415 - an extra
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - an extra
        TraceContextTextMapPropagator,
    )

    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("ddbbackup", __version__)
    carrier = {
        name: environ[name.upper()] for name in ("traceparent", "tracestate") if name.upper() in environ
    }
    caller = TraceContextTextMapPropagator().extract(carrier)
    run_attributes: dict[str, Any] = {
        **{f"ddbbackup.{name}": value for name, value in place_labels(summary).items()},
        "ddbbackup.run": summary.run,
        "ddbbackup.exit_code": summary.exit_code,
    }
    run = tracer.start_span(
        f"ddbbackup {summary.verb}",
        caller,
        attributes=run_attributes,
        start_time=_nanoseconds(summary.started_at),
    )
    inside_run = set_span_in_context(run, caller)
    for outcome in summary.report.outcomes if summary.report is not None else ():
        ended = summary.step_ends.get(outcome.step, summary.ended_at)
        started = ended - timedelta(seconds=outcome.seconds)
        facts = escaped({**outcome.facts, "table": outcome.table, "status": outcome.status})
        attributes: dict[str, Any] = {
            f"ddbbackup.{name}": value
            for name, value in facts.items()
            if isinstance(value, str | int | float)
        }
        name = escape(f"{outcome.kind} {outcome.table}")
        span = tracer.start_span(name, inside_run, attributes=attributes, start_time=_nanoseconds(started))
        if outcome.error is not None:
            span.set_status(Status(StatusCode.ERROR, escape(outcome.error.message)))
            span.set_attribute("error.type", type(outcome.error).__name__)
        span.end(_nanoseconds(ended))
    if "failed" in summary.conditions or "partial" in summary.conditions:
        run.set_status(Status(StatusCode.ERROR, escape(summary.headline)))
    run.end(_nanoseconds(summary.ended_at))
    return exporter.get_finished_spans()


def _metrics(samples: Sequence[Sample], resource: Resource) -> Any:
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: PLC0415 - an extra

    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    meter = provider.get_meter("ddbbackup", __version__)
    for family, description in FAMILIES.items():
        unit = {"seconds": "s", "bytes": "By"}.get(family.rpartition("_")[2], "1")
        gauge = meter.create_gauge(family, unit, description)
        for sample in samples:
            if sample.family == family:
                gauge.set(float(sample.value), dict(sample.labels))
    return reader.get_metrics_data()


def _nanoseconds(time: datetime) -> int:
    return int(time.timestamp() * 1e9)
