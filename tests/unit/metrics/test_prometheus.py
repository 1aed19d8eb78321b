"""Prometheus metrics, read with the parser of Prometheus's own client."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from ddbbackup.metrics import record
from ddbbackup.metrics.prometheus import exposition
from ddbbackup.metrics.samples import FAMILIES, LABELS, samples
from ddbbackup.plan.model import Metrics, Pushgateway
from tests.support.receiver import receiver
from tests.support.run_summary import END, START, run_summary


def values(text: str) -> dict[tuple[str, str], float]:
    """By family, and by the label that is not the plan."""
    return {
        (
            sample.name,
            sample.labels.get("status") or sample.labels.get("table") or sample.labels["verb"],
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_reads_every_metric() -> None:
    """Per table: last success, sizes, duration, items, RPO and age; per run: time, exit code, steps."""
    found = values(exposition(samples(run_summary())))
    assert found["ddbbackup_last_success_timestamp_seconds", "orders"] == END.timestamp()
    assert found["ddbbackup_last_success_data_timestamp_seconds", "orders"] == START.timestamp()
    assert found["ddbbackup_last_success_duration_seconds", "orders"] == 74.5
    assert found["ddbbackup_last_success_size_bytes", "orders"] == 4096
    assert found["ddbbackup_last_success_items", "orders"] == 1200
    assert found["ddbbackup_rpo_age_seconds", "orders"] == 75
    assert [found["ddbbackup_rpo_broken", table] for table in ("orders", "users")] == [0, 1]
    assert ("ddbbackup_rpo_broken", "logs") not in found, "a table without an rpo cannot break it"
    assert ("ddbbackup_last_success_timestamp_seconds", "users") not in found, (
        "a table without a backup has no timestamp"
    )
    assert found["ddbbackup_run_exit_code", "backup"] == 3
    assert found["ddbbackup_run_steps", "failed"] == 1


def test_each_family_has_help_a_type_and_its_labels() -> None:
    """Prometheus rejects a family whose samples are not adjacent."""
    text = exposition(samples(run_summary()))
    families = list(text_string_to_metric_families(text))
    assert [family.name for family in families] == list(FAMILIES)
    for family in families:
        assert family.documentation == FAMILIES[family.name]
        assert family.type == "gauge"
        for sample in family.samples:
            assert set(sample.labels) - {"status"} == set(LABELS[family.name.split("_")[1]])


def test_the_textfile_is_replaced_as_a_whole_and_readable_by_others(tmp_path: Path) -> None:
    """node_exporter runs as another user and may read at any time, whatever the umask is."""
    path = tmp_path / "collector" / "ddbbackup.prom"
    before = os.umask(0o077)
    try:
        record(Metrics(textfile=str(path)), run_summary(), {})
    finally:
        os.umask(before)
    first = path.stat().st_ino
    record(Metrics(textfile=str(path)), run_summary(exit_code=0), {})
    assert path.stat().st_ino != first
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert values(path.read_text())["ddbbackup_run_exit_code", "backup"] == 0
    assert [each.name for each in path.parent.iterdir()] == ["ddbbackup.prom"]


def test_a_run_without_table_status_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    """Old timestamps trigger alerts; missing samples would silence them."""
    path = tmp_path / "ddbbackup.prom"
    record(Metrics(textfile=str(path)), run_summary(), {})
    before = path.read_text()
    record(Metrics(textfile=str(path)), run_summary(exit_code=77, report=None, tables=()), {})
    assert path.read_text() == before


def test_a_pushgateway_gets_the_group_of_job_plan_account_and_region() -> None:
    """PUT replaces the whole group; the headers are those of the plan."""
    gateway = Pushgateway("", "nightly", {"Authorization": "Basic x"})
    with receiver() as inbox, capture_logs() as logs:
        gateway = Pushgateway(inbox.url, gateway.job, gateway.headers)
        record(Metrics(pushgateway=gateway), run_summary(), {})
    (request,) = inbox.requests
    assert (request.method, request.path) == (
        "PUT",
        "/metrics/job/nightly/plan/prod/account/123456789012/region/eu-west-1",
    )
    assert request.headers["Authorization"] == "Basic x"
    assert values(request.body.decode())["ddbbackup_rpo_seconds", "orders"] == 3600
    assert [(each["event"], each["to"]) for each in logs] == [("metrics.written", "pushgateway")]


def test_what_cannot_be_written_warns(tmp_path: Path) -> None:
    """With the destination and the reason, without the address."""
    (tmp_path / "file").write_text("")
    with receiver() as inbox, capture_logs() as logs:
        inbox.answer = lambda request: (400, {})
        record(
            Metrics(textfile=str(tmp_path / "file" / "x.prom"), pushgateway=Pushgateway(inbox.url)),
            run_summary(),
            {},
        )
    assert [(each["event"], each["to"]) for each in logs] == [
        ("metrics.failed", "textfile"),
        ("metrics.failed", "pushgateway"),
    ]
    assert logs[1]["reason"] == "the receiver answered 400"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ('quo"te', 'quo"te'),
        ("back\\slash", "back\\slash"),
        ("line\nbreak", r"line\nbreak"),
        ("\x1b[2J\u202e\udc80", r"\x1b[2J\u202e\udc80"),
    ],
)
def test_labels_are_escaped(text: str, label: str) -> None:
    """As Prometheus needs it; what could act on a terminal is shown."""
    found = list(text_string_to_metric_families(exposition(samples(run_summary(plan=text)))))
    assert {sample.labels["plan"] for family in found for sample in family.samples} == {label}
