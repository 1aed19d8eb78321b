"""Prometheus's text format: to a file for node_exporter's textfile collector, or to a Pushgateway."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ddbbackup.http_client import send
from ddbbackup.metrics.samples import FAMILIES, Sample
from ddbbackup.plan.model import Pushgateway
from ddbbackup.report.files import write_whole

_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_READABLE: Final = 0o644  # node_exporter is another user


def exposition(samples: Sequence[Sample]) -> str:
    """Help, type and samples of each family that has any, the families in one piece each."""
    lines: list[str] = []
    for family, says in FAMILIES.items():
        own = [sample for sample in samples if sample.family == family]
        if own:
            lines += [f"# HELP {family} {_help(says)}", f"# TYPE {family} gauge"]
            lines += [_line(sample) for sample in own]
    return "".join(f"{line}\n" for line in lines)


def write_textfile(path: str, samples: Sequence[Sample]) -> None:
    """Raises ``Refused``."""
    write_whole(Path(path), exposition(samples), mode=_READABLE)


def push(gateway: Pushgateway, samples: Sequence[Sample], *, plan: str, seconds: float) -> None:
    """Replaces the group of this job and plan. Raises ``Undelivered``."""
    group = f"/metrics/job/{quote(gateway.job, safe='')}/plan/{quote(plan, safe='')}"
    headers = {"Content-Type": _CONTENT_TYPE, **gateway.headers}
    send("PUT", gateway.url.rstrip("/") + group, exposition(samples).encode(), headers, seconds=seconds)


def _line(sample: Sample) -> str:
    labels = ",".join(f'{name}="{_label(value)}"' for name, value in sample.labels.items())
    value = sample.value
    return f"{sample.family}{{{labels}}} {int(value) if value == int(value) else value!r}"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
