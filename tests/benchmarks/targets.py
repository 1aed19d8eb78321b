"""What the benchmark must reach, and what it did."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.bulk import Memory
from tests.benchmarks.rounds import Case, Figures
from tests.benchmarks.scan import ScanRates
from tests.benchmarks.searching import SearchRates
from tests.benchmarks.soundness import Proof
from tests.benchmarks.verification import LISTED_FILES, PAGE_SECONDS, Rates

Results = Mapping[Case, Mapping[str, Figures]]


@dataclass(frozen=True)
class Target:
    """``reached`` is None where this run did not measure it; ``bound`` is what speaks against reaching it."""

    text: str
    wanted: str
    found: str
    reached: bool | None
    bound: str = ""


def speed_targets(results: Results) -> list[Target]:
    """Of the case 400 B, 5 ms, plain, one process, unless the text says otherwise."""
    slow = _figures(results, latency_ms=5)
    quick = _figures(results, latency_ms=0)
    sealed = _figures(results, latency_ms=0, tls=True)
    two = _figures(results, latency_ms=5, processes=2)
    slower = _figures(results, latency_ms=25)
    two_slower = _figures(results, latency_ms=25, processes=2)
    return [
        _times("items/s against the origin's way, 5 ms", slow, "origin", 80),
        _times("items/s against dynamodump, 5 ms", slow, "dynamodump", 100),
        _times("items/s against Node's v3 batches, 5 ms", slow, "batches", 15),
        _thrift("CPU an item against the origin's way", slow, "origin", 60),
        _thrift("CPU an item against dynamodump", slow, "dynamodump", 60),
        _part("items/s of the C limit, plain, 0 ms", quick, quick, 3),
        _part("items/s of the C limit, plain, 5 ms", slow, slow, 3),
        _part("items/s under TLS of the C limit's plain rate, 0 ms", sealed, quick, 5),
        _cost("CPU an item against the C limit, 0 ms", quick, 3.5),
        _scaling("items/s of two workers against one, 5 ms", two, slow, 1.6),
        _scaling("items/s of two workers against one, 25 ms, where one leaves room", two_slower, slower, 1.6),
    ]


def verification_targets(rates: Rates) -> list[Target]:
    """One a level."""
    ratio = rates.verify / rates.bare
    return [
        Target(
            f"seconds to list {LISTED_FILES:,} data files, simulated, {PAGE_SECONDS * 1000:.0f} ms a page",
            "≤ 30 s",
            f"{rates.listing_seconds:.1f} s",
            rates.listing_seconds <= 30,
        ),
        Target("checksums against bare threads", "≥ 0.8 ×", f"{ratio:.2f} ×", ratio >= 0.8),
        Target(
            "items checked per second and process",
            "≥ 200,000",
            f"{rates.items_per_second:,.0f}",
            rates.items_per_second >= 200_000,
        ),
    ]


def search_targets(rates: SearchRates) -> list[Target]:
    """Of ``find`` in a full export."""
    ratio = rates.key / rates.verify
    return [
        Target("`find --key` against a verification", "≥ 0.7 ×", f"{ratio:.2f} ×", ratio >= 0.7),
        Target(
            "items searched by a condition per second and process, each of them parsed",
            "≥ 150,000",
            f"{rates.parsed:,.0f}",
            rates.parsed >= 150_000,
        ),
    ]


def memory_targets(memories: Sequence[Memory]) -> list[Target]:
    """One a size."""
    return [
        Target(
            f"peak memory of any process with {memory.lines_bytes / 1e9:.0f} GB of items",
            "≤ 100 MB",
            f"{memory.worker_peak_bytes / 1e6:.0f} MB",
            memory.worker_peak_bytes <= 100e6,
        )
        for memory in memories
    ]


def scan_targets(scans: ScanRates) -> list[Target]:
    """By wall clock, in one run."""
    return [
        Target(
            "item JSON per second that one process scans into an export",
            "≥ 150 MB/s",
            f"{scans.ours.wall / 1e6:.0f} MB/s",
            scans.ours.wall >= 150e6,
        ),
        Target(
            "a scan against boto3's paginator with json and gzip",
            "≥ 50 ×",
            f"{scans.ratio:.0f} ×",
            scans.ratio >= 50,
        ),
    ]


def soundness_target(proofs: Sequence[Proof]) -> Target:
    """All scenarios in one."""
    lost, changed = sum(proof.lost for proof in proofs), sum(proof.changed for proof in proofs)
    return Target(
        "items lost, items with another content, under faults and kills",
        "0, 0",
        f"{lost}, {changed}",
        all(proof.sound for proof in proofs),
    )


def _figures(
    results: Results, *, latency_ms: int, tls: bool = False, processes: int = 1
) -> Mapping[str, Figures]:
    for case, found in results.items():
        if (case.item_bytes, case.latency_ms, case.tls, case.processes) == (400, latency_ms, tls, processes):
            return found
    return {}


def _times(text: str, found: Mapping[str, Figures], peer: str, wanted: float) -> Target:
    if "ddbbackup" not in found or peer not in found:
        return Target(text, f"≥ {wanted} ×", "not measured", None)
    ratio = found["ddbbackup"].items_per_second / found[peer].items_per_second
    return Target(text, f"≥ {wanted:.0f} ×", f"{ratio:.1f} ×", ratio >= wanted)


def _thrift(text: str, found: Mapping[str, Figures], peer: str, wanted: float) -> Target:
    if "ddbbackup" not in found or peer not in found:
        return Target(text, f"≤ 1/{wanted:.0f}", "not measured", None)
    theirs, ours = found[peer].cpu_seconds_per_million, found["ddbbackup"].cpu_seconds_per_million
    ratio = theirs / ours
    bound = f"it would be {theirs / wanted:.1f} CPU-s/million"
    if "limit" in found:
        bound += f", where the C limit needs {found['limit'].cpu_seconds_per_million:.1f}"
    return Target(text, f"≤ 1/{wanted:.0f}", f"1/{ratio:.0f}", ratio >= wanted, bound)


def _part(text: str, ours: Mapping[str, Figures], limit: Mapping[str, Figures], wanted: float) -> Target:
    if "ddbbackup" not in ours or "limit" not in limit:
        return Target(text, f"≥ 1/{wanted:.0f}", "not measured", None)
    ratio = limit["limit"].items_per_second / ours["ddbbackup"].items_per_second
    return Target(text, f"≥ 1/{wanted:.0f}", f"1/{ratio:.1f}", ratio <= wanted)


def _cost(text: str, found: Mapping[str, Figures], wanted: float) -> Target:
    if "ddbbackup" not in found or "limit" not in found:
        return Target(text, f"≤ {wanted} ×", "not measured", None)
    ratio = found["ddbbackup"].cpu_seconds_per_million / found["limit"].cpu_seconds_per_million
    return Target(text, f"≤ {wanted} ×", f"{ratio:.1f} ×", ratio <= wanted)


def _scaling(text: str, two: Mapping[str, Figures], one: Mapping[str, Figures], wanted: float) -> Target:
    if "ddbbackup" not in two or "ddbbackup" not in one:
        return Target(text, f"≥ {wanted} ×", "not measured", None)
    alone = one["ddbbackup"]
    ratio = two["ddbbackup"].items_per_second / alone.items_per_second
    busy = alone.items_per_second / 1e6 * (alone.cpu_seconds_per_million + alone.sink_cpu_seconds_per_million)
    cores = os.cpu_count() or 1
    bound = (
        f"one worker and the sink keep {busy:.1f} of {cores} cores busy, so {cores / busy:.2f} × is all that this "
        "machine has"
    )
    return Target(text, f"≥ {wanted} ×", f"{ratio:.2f} ×", ratio >= wanted, bound)
