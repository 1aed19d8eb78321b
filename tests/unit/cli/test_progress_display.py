"""Progress as log events, where there is no terminal."""

from __future__ import annotations

from structlog.testing import capture_logs

from ddbbackup.cli.progress_display import EVENT_SECONDS, ThrottledProgressEvents
from ddbbackup.model.progress import Progress


def test_progress_is_logged_once_per_interval_for_each_table_and_phase() -> None:
    """The first event after one interval: short runs log no progress."""
    now = 0.0
    on_progress = ThrottledProgressEvents(monotonic=lambda: now)
    with capture_logs() as logs:
        for seconds in (0, 1, EVENT_SECONDS, EVENT_SECONDS + 1, 2 * EVENT_SECONDS):
            now = seconds
            on_progress(Progress("orders", "verify", done=int(seconds), total=100, unit="bytes"))
            on_progress(Progress("", "export", done=1, total=2, unit="exports"))
    assert [(each["event"], each.get("table"), each["done"]) for each in logs] == [
        ("backup.progressed", "orders", 30),
        ("export.progressed", None, 1),
        ("backup.progressed", "orders", 60),
        ("export.progressed", None, 1),
    ]
