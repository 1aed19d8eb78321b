"""Writes the metrics of one run to every destination in the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import DdbBackupError
from ddbbackup.http_client import DeliveryError, HttpClient, run_concurrently
from ddbbackup.metrics import telemetry
from ddbbackup.metrics.prometheus import push, write_textfile
from ddbbackup.metrics.samples import place_labels, samples
from ddbbackup.plan.model import Metrics
from ddbbackup.report.run_summary import RunSummary

log = structlog.get_logger()
_SECONDS: Final = 10.0  # the time limit for each destination
_HTTP: Final = HttpClient()


def record(
    metrics: Metrics, summary: RunSummary, environ: Mapping[str, str], *, http: HttpClient = _HTTP
) -> None:
    """Never raises: the result of a run does not depend on its metrics.

    A run that failed before it read the status of its tables leaves the text file and the Pushgateway unchanged:
    their timestamps then grow old and trigger alerts, while missing samples would silence them.
    """
    values = samples(summary)
    tasks: dict[str, Callable[[], None]] = {}
    if metrics.textfile is not None and summary.tables:
        tasks["textfile"] = partial(write_textfile, metrics.textfile, values)
    if metrics.pushgateway is not None and metrics.pushgateway.url and summary.tables:
        tasks["pushgateway"] = partial(
            push, http, metrics.pushgateway, values, place=place_labels(summary), seconds=_SECONDS
        )
    if metrics.opentelemetry is not None:
        tasks["opentelemetry"] = partial(
            telemetry.export,
            metrics.opentelemetry,
            summary,
            values,
            environ,
            http.ca_bundle,
            seconds=_SECONDS,
        )
    for to, error in zip(tasks, run_concurrently([(_SECONDS, task) for task in tasks.values()]), strict=True):
        if error is None:
            log.info(events.METRICS_WRITTEN, to=to, samples=len(values))
        else:
            known = isinstance(error, DeliveryError | DdbBackupError)
            reason = str(error) if known else f"unexpected error: {type(error).__name__}"
            log.warning(events.METRICS_FAILED, to=to, reason=reason)
