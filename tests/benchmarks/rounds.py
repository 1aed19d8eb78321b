"""Interleaved rounds: every client in turn, several times, so that the machine's moods hit all alike."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.clients import DDBBACKUP, Client, Share
from tests.benchmarks.data import Export
from tests.benchmarks.sink import Sink, Tools, running
from tests.benchmarks.tree import CommandFailed, Usage, measure


@dataclass(frozen=True)
class Case:
    """One set of conditions and who is measured under it."""

    item_bytes: int
    latency_ms: int
    tls: bool
    processes: int
    clients: tuple[Client, ...]

    @property
    def label(self) -> str:
        size = "400 B" if self.item_bytes < 1000 else "2 KB"
        processes = "one process" if self.processes == 1 else f"{self.processes} processes"
        return f"{size}, {self.latency_ms} ms, {'TLS' if self.tls else 'plain'}, {processes}"


@dataclass(frozen=True)
class Figures:
    """Medians of the rounds. Start-up (a restore of next to nothing) is not in the rate and the CPU, for anybody."""

    items: int
    items_per_second: float
    cpu_seconds_per_million: float
    sink_cpu_seconds_per_million: float
    peak_bytes: int
    start_seconds: float


Exports = Mapping[Share | str, Export]


class Lost(Exception):
    """A client ended well, but the sink did not get every item."""


def run_case(case: Case, exports: Exports, tools: Tools, work: Path, *, rounds: int) -> dict[str, Figures]:
    """Figures by client's name. ``exports`` has one a share and, for start-up, ``start`` and ``start-2``."""
    starts: dict[str, list[Usage]] = {client.name: [] for client in case.clients}
    usages: dict[str, list[Usage]] = {client.name: [] for client in case.clients}
    sink_cpu: dict[str, list[float]] = {client.name: [] for client in case.clients}
    start = exports["start" if case.processes == 1 else "start-2"]
    root = start.root
    with running(tools, root, latency_ms=case.latency_ms, tls=case.tls) as sink:
        for number in range(rounds):
            for client in case.clients:
                export = exports[client.share]
                try:
                    begun = _once(client, start, case, tools, sink, work)
                    used = sink.cpu_seconds()
                    usage = _once(client, export, case, tools, sink, work)
                except (CommandFailed, Lost) as error:
                    if client is DDBBACKUP:
                        raise
                    print(
                        f"  {case.label}, round {number + 1}: {client.name} failed: {error}", file=sys.stderr
                    )
                    continue  # a peer that fails once has other rounds, and must not end the run
                starts[client.name].append(begun)
                usages[client.name].append(usage)
                sink_cpu[client.name].append(sink.cpu_seconds() - used)
                rate = export.items / usage.seconds
                print(
                    f"  {case.label}, round {number + 1}: {client.name} {rate:,.0f} items/s", file=sys.stderr
                )
    return {
        client.name: figures(
            exports[client.share].items, starts[client.name], usages[client.name], sink_cpu[client.name]
        )
        for client in case.clients
        if usages[client.name]
    }


def figures(
    items: int, starts: Sequence[Usage], usages: Sequence[Usage], sink_cpu: Sequence[float]
) -> Figures:
    """Medians; the difference between much and next to nothing is what the items cost."""
    start_seconds = statistics.median(usage.seconds for usage in starts)
    start_cpu = statistics.median(usage.cpu_seconds for usage in starts)
    seconds = statistics.median(usage.seconds for usage in usages) - start_seconds
    cpu_seconds = statistics.median(usage.cpu_seconds for usage in usages) - start_cpu
    return Figures(
        items=items,
        items_per_second=items / max(seconds, 1e-3),
        cpu_seconds_per_million=cpu_seconds / items * 1e6,
        sink_cpu_seconds_per_million=statistics.median(sink_cpu) / items * 1e6,
        peak_bytes=int(statistics.median(usage.peak_bytes for usage in usages)),
        start_seconds=start_seconds,
    )


def _once(client: Client, export: Export, case: Case, tools: Tools, sink: Sink, work: Path) -> Usage:
    directory = fresh(work / "run")
    commands = client.commands(tools, sink, export, directory, min(case.processes, len(export.keys)))
    sink.forget()
    environment = sink.environment() | {"DDBBACKUP_STATE_DIR": str(directory / "state")}
    usage = measure(commands, environment, directory)
    arrived = sink.stats()["items"]
    if arrived != export.items:
        raise Lost(f"{client.name}: {arrived} of {export.items} items arrived")
    return usage


def fresh(directory: Path) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory
