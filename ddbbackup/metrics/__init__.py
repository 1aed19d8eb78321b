"""Numbers about backups for Prometheus and OpenTelemetry. What cannot be written warns, and changes nothing else."""

from ddbbackup.metrics.record import record

__all__ = ["record"]
