"""``docs/metrics.md``, from ``ddbbackup/metrics/samples.py``."""

from __future__ import annotations

from ddbbackup.metrics.samples import FAMILIES, LABELS
from tools.docs.markdown import code_list, header, table


def page() -> str:
    rows = []
    for family, meaning in FAMILIES.items():
        labels = [*LABELS[family.split("_")[1]], *(["status"] if family.endswith("_steps") else [])]
        rows.append((f"`{family}`", code_list(labels), meaning))
    return (
        header("Metrics", "ddbbackup/metrics/samples.py")
        + """\
`metrics` of the [plan](plan.md) sets where metrics go after `backup` and `wait`: to a file for the textfile collector
of node_exporter, to a Pushgateway, or to OpenTelemetry. All metrics are gauges.

"""
        + table(("metric", "labels", "meaning"), rows)
        + """
Alert on the age of the data, not on failed runs, so that a job that never ran raises an alarm too:

```promql
time() - ddbbackup_last_success_data_timestamp_seconds > on (plan, account, region, table) ddbbackup_rpo_seconds
```

A run that fails before it has read the status of a table, for example because there are no credentials, does not
change the textfile or the Pushgateway: the timestamps in them keep aging. OpenTelemetry receives a trace of such a
run too: one span for the run and one for each step, below the span that `TRACEPARENT` names. OpenTelemetry needs
the extra `otel` ([install](install.md#extras)).
"""
    )
