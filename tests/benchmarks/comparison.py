"""How fast a restore point is compared with a live table, how fast the difference is written, and in how much memory.

The live table is that of the sink: items of 400 bytes, with their attributes in another order than in the data files,
1 % of them different. Both sides come from one process in C, which needs about a tenth of a core. It remembers what a
mirror writes, so that a comparison afterwards must find no difference.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.data import BUCKET
from tests.benchmarks.rounds import fresh
from tests.benchmarks.sink import REGION, Sink, Tools, running
from tests.benchmarks.targets import Target
from tests.benchmarks.tree import Usage, measure

ITEM_BYTES = 400
PROCESSES = 2
_ITEMS_A_FILE = 62_500
_CYCLE = 300  # see live.h
_MADE_BY = 1  # raise it when items change, so that files are made anew

_OURS = """
import json, sys, threading, time
from pathlib import Path
from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.session import Connection
from ddbbackup.bulk.compare import CompareJob, compare_point
from ddbbackup.bulk.mirror import mirror_point
from ddbbackup.bulk.model import DataFile
from ddbbackup.bulk.point_lines import PointData
from ddbbackup.ports import KeyAttribute
url, bucket, region, listing, items_a_file, processes, work = sys.argv[1:]
connection = Connection(region=region, endpoint_urls=(("dynamodb", url), ("s3", url)))
keys = (KeyAttribute("id", "HASH", "S"),)
files = tuple(
    DataFile(bucket, key, md5, int(items_a_file), size_bytes=size)
    for key, size, md5 in json.loads(Path(listing).read_text())
)
items = len(files) * int(items_a_file)
job = CompareJob(
    point=PointData(files, keys, "bench"), table="bench", keys=keys, directory=Path.cwd() / "state",
    live_items=items, live_bytes=items * 400, processes=int(processes),
)
access = AwsBulkAccess(target=connection, source=connection)
begun = time.monotonic()
comparison = compare_point(job, access=access, on_progress=lambda progress: None, stop=threading.Event())
compared = time.monotonic() - begun
counts = comparison.counts
if work == "mirror":
    written = mirror_point(comparison)
    assert (written.items, written.left) == (counts.different, 0), written
took = time.monotonic() - begun
comparison.close()
print(json.dumps([counts.equal, counts.missing, counts.changed, counts.extra, compared, took]))
"""


@dataclass(frozen=True)
class Table:
    """The data files of a restore point of ``items`` items, below ``root``/BUCKET."""

    root: Path
    items: int
    listing: Path


@dataclass(frozen=True)
class Comparison:
    """``seconds`` are without start-up. ``mirror_seconds``: of a comparison whose differences are written."""

    items: int
    seconds: float
    process_peak_bytes: int
    mirror_seconds: float | None = None

    @property
    def items_per_second(self) -> float:
        return self.items / self.seconds


def prepare(root: Path, tools: Tools, *, items: int) -> Table:
    """Makes the files unless they are there."""
    files = -(-items // _ITEMS_A_FILE)
    name = f"live-{files}x{_ITEMS_A_FILE}-{_MADE_BY}"
    folder = root / BUCKET / name
    listing = folder / "listing.json"
    if not listing.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [str(tools.build / "lines"), str(folder), str(files), str(_ITEMS_A_FILE)]
        makers = [
            subprocess.Popen([*command, str(number), str(PROCESSES)], stdout=subprocess.PIPE, text=True)
            for number in range(PROCESSES)
        ]
        made = [line.split() for maker in makers for line in maker.communicate()[0].splitlines()]
        assert not any(maker.returncode for maker in makers)
        listing.write_text(
            json.dumps([(f"{name}/{file}", int(size), md5) for file, size, md5 in sorted(made)])
        )
    return Table(root, files * _ITEMS_A_FILE, listing)


def measure_comparison(
    table: Table, tools: Tools, work: Path, *, rounds: int, with_mirror: bool = False
) -> Comparison:
    """The median of some rounds, each checked against what differs; interleaved with mirrors if wanted."""
    cycles = [sum(1 for _ in range(rest, table.items, _CYCLE)) for rest in range(3)]
    different = [table.items - cycles[0] - cycles[1], *cycles]
    compared, mirrored = list[_Round](), list[_Round]()
    for _ in range(rounds):
        with running(tools, table.root, "--live", str(table.items)) as sink:
            compared.append(_measure(sink, table, work, "diff", different))
            if with_mirror:
                mirrored.append(_measure(sink, table, work, "mirror", different))
                _measure(sink, table, work, "diff", [table.items, 0, 0, 0])
    return Comparison(
        items=table.items,
        seconds=statistics.median(each.seconds for each in compared),
        process_peak_bytes=max(each.usage.process_peak_bytes for each in compared + mirrored),
        mirror_seconds=statistics.median(each.seconds for each in mirrored) if mirrored else None,
    )


@dataclass(frozen=True)
class _Round:
    usage: Usage
    seconds: float


def _measure(sink: Sink, table: Table, work: Path, what: str, expected: list[int]) -> _Round:
    directory = fresh(work / "comparison")
    usage = measure([_command(sink, table, what)], sink.environment(), directory)
    *counts, compared, took = json.loads((directory / "output-0").read_text().splitlines()[-1])
    assert counts == expected, f"{counts} instead of {expected}"
    return _Round(usage, compared if what == "diff" else took)


def targets(comparisons: Sequence[Comparison]) -> list[Target]:
    """Two for each size: peaks must not grow with it."""
    found = []
    for each in comparisons:
        items = f"{each.items / 1e6:.0f} million items of {ITEM_BYTES} B"
        rate, peak = each.items_per_second, each.process_peak_bytes
        found += [
            Target(
                f"items compared per second, {PROCESSES} processes, {items}",
                "≥ 100,000",
                f"{rate:,.0f}",
                rate >= 100_000,
            ),
            Target(
                f"peak memory of any process that compares {items}",
                "≤ 300 MB",
                f"{peak / 1e6:.0f} MB",
                peak <= 300e6,
            ),
        ]
        if each.mirror_seconds is not None:
            ratio = each.mirror_seconds / each.seconds
            found.append(
                Target(
                    f"time of a mirror of {items}, 1 % different, by that of a comparison",
                    "≤ 1.3",
                    f"{ratio:.2f}",
                    ratio <= 1.3,
                )
            )
    return found


def _command(sink: Sink, table: Table, work: str) -> Sequence[str]:
    return [
        sys.executable,
        "-c",
        _OURS,
        sink.url,
        BUCKET,
        REGION,
        str(table.listing),
        str(_ITEMS_A_FILE),
        str(min(PROCESSES, os.cpu_count() or 1)),
        work,
    ]
