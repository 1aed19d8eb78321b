"""Prometheus's text format, in a file for node_exporter's textfile collector or pushed to a Pushgateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ddbbackup.http_client import HttpClient
from ddbbackup.metrics.samples import FAMILIES, Sample
from ddbbackup.plan.model import Pushgateway
from ddbbackup.report.files import write_atomically

_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_READABLE: Final = 0o644  # node_exporter runs as another user


def exposition(samples: Sequence[Sample]) -> str:
    """Help, type and samples of each family that has samples; the lines of one family are adjacent."""
    lines: list[str] = []
    for family, description in FAMILIES.items():
        own = [sample for sample in samples if sample.family == family]
        if own:
            lines += [f"# HELP {family} {_help(description)}", f"# TYPE {family} gauge"]
            lines += [_line(sample) for sample in own]
    return "".join(f"{line}\n" for line in lines)


def write_textfile(path: str, samples: Sequence[Sample]) -> None:
    """Raises ``Refused``."""
    write_atomically(Path(path), exposition(samples), mode=_READABLE)


def push(
    http: HttpClient,
    gateway: Pushgateway,
    samples: Sequence[Sample],
    *,
    place: Mapping[str, str],
    seconds: float,
) -> None:
    """Replaces the group of this job and ``place``: plan, account and region. Raises ``DeliveryError``.

    One plan that runs in two Regions has a group for each, so that neither run removes the metrics of the other.
    """
    grouping = {"job": gateway.job, **place}
    group = "/metrics" + "".join(f"/{name}/{quote(value, safe='')}" for name, value in grouping.items())
    headers = {"Content-Type": _CONTENT_TYPE, **gateway.headers}
    body = exposition(samples).encode()
    http.send("PUT", gateway.url.rstrip("/") + group, body, headers, seconds=seconds)


def _line(sample: Sample) -> str:
    labels = ",".join(f'{name}="{_label(value)}"' for name, value in sample.labels.items())
    value = sample.value
    return f"{sample.family}{{{labels}}} {int(value) if value == int(value) else value!r}"


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
