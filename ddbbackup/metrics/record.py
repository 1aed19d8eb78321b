"""Writes one run's numbers wherever the plan says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import structlog

from ddbbackup import events
from ddbbackup.errors import DdbBackupError
from ddbbackup.http_client import Undelivered, run_concurrently
from ddbbackup.metrics import telemetry
from ddbbackup.metrics.prometheus import push, write_textfile
from ddbbackup.metrics.samples import samples
from ddbbackup.plan.model import Metrics
from ddbbackup.report.run_summary import RunSummary

log = structlog.get_logger()
VERBS: Final = ("backup", "wait")
_SECONDS: Final = 10.0  # what the network gets


def record(metrics: Metrics, news: RunSummary, environ: Mapping[str, str]) -> None:
    """Never raises: a run's outcome does not depend on who counts it.

    A run that failed before its tables could be looked at leaves the file and the gateway as they are: the
    timestamps there grow old by themselves, while missing ones would silence every alert.
    """
    found = samples(news)
    works: dict[str, Callable[[], None]] = {}
    if metrics.textfile is not None and news.tables:
        works["textfile"] = partial(write_textfile, metrics.textfile, found)
    if metrics.pushgateway is not None and metrics.pushgateway.url and news.tables:
        works["pushgateway"] = partial(push, metrics.pushgateway, found, plan=news.plan, seconds=_SECONDS)
    if metrics.opentelemetry is not None:
        works["opentelemetry"] = partial(
            telemetry.export, metrics.opentelemetry, news, found, environ, seconds=_SECONDS
        )
    for to, error in zip(works, run_concurrently([(_SECONDS, work) for work in works.values()]), strict=True):
        if error is None:
            log.info(events.METRICS_WRITTEN, to=to, samples=len(found))
        else:
            known = isinstance(error, Undelivered | DdbBackupError)
            reason = str(error) if known else f"an error that ddbbackup does not know: {type(error).__name__}"
            log.warning(events.METRICS_FAILED, to=to, reason=reason)
