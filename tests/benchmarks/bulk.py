"""Memory over size: the same restore with one gigabyte and with twenty gigabytes of items."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.clients import DDBBACKUP
from tests.benchmarks.data import Export
from tests.benchmarks.rounds import fresh
from tests.benchmarks.sink import Tools, running
from tests.benchmarks.tree import measure


@dataclass(frozen=True)
class Memory:
    """``worker_peak_bytes`` is the largest peak of any one process of the tree, shared libraries included."""

    lines_bytes: int
    items_per_second: float
    worker_peak_bytes: int
    tree_peak_bytes: int
    processes: int


def measure_memory(export: Export, tools: Tools, work: Path, *, processes: int) -> Memory:
    """Against the null sink, which must get every item."""
    with running(tools, export.root) as sink:
        directory = fresh(work / "bulk")
        commands = DDBBACKUP.commands(tools, sink, export, directory, processes)
        environment = sink.environment() | {"DDBBACKUP_STATE_DIR": str(directory / "state")}
        usage = measure(commands, environment, directory)
        assert sink.stats()["items"] == export.items
    return Memory(
        lines_bytes=export.lines_bytes,
        items_per_second=export.items / usage.seconds,
        worker_peak_bytes=usage.process_peak_bytes,
        tree_peak_bytes=usage.peak_bytes,
        processes=processes,
    )
