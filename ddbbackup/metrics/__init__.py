"""Metrics of runs for Prometheus and OpenTelemetry. Metrics that cannot be written never fail the run."""

from ddbbackup.metrics.record import record

__all__ = ["record"]
