"""``docs/benchmarks.md`` from what was measured."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.bulk import Memory
from tests.benchmarks.clients import EVERYBODY
from tests.benchmarks.real import RealFigures
from tests.benchmarks.rounds import Figures
from tests.benchmarks.scan import SEGMENTS, ScanRates
from tests.benchmarks.searching import SearchRates
from tests.benchmarks.soundness import Proof, Stop
from tests.benchmarks.targets import Results, Target
from tests.benchmarks.verification import LISTED_FILES, PAGE_SECONDS, Rates

_HEAD = """# Benchmarks

Written by `make bench` on {date} in {minutes:.0f} minutes; do not edit. {quick}Figures are medians of {rounds}
interleaved rounds on one machine, everything on it at once: clients, server and S3. **The server is a null sink on
loopback, not AWS**: it answers every write with success at once (0 ms), after 5 or after 25 ms, so that the figures
show what a client costs, not how fast DynamoDB takes items. A real table is limited by its write capacity.

{machine}

## What it must reach

| what | wanted | measured | reached |
|---|---|---|---|
"""

_WRITING = """
## Writing

End to end: data files come from an S3 server (the sink's other half), are inflated, hashed, checked against
their manifest and written. The origin's way, dynamodump and `batch_writer` get {small} items, Node's batches
and `existing: keep` {medium}, ddbbackup and the limit {large}, all of the same kind, so that every run takes
seconds. Start-up (a restore of two items; with two processes, of thirty large ones) is measured by itself and
is in neither rate nor CPU, for anybody. CPU and memory are of the whole tree of processes, the sink's own CPU
stands beside; memory of the peers that hold all items grows with the data. dynamodump reads uncompressed files
of its own from disk, without S3. The limit is a C program that does the same work (fetch, MD5, inflate{isal},
splice, SHA-256, sign, send) and neither retries nor accounts for anything.
"""


@dataclass(frozen=True)
class Measured:
    """Everything of one run of ``make bench``; what was left out is empty or None."""

    date: str
    minutes: float
    quick: bool
    rounds: int
    machine: str
    inflater: str  # the limit's: isal or zlib
    items: Mapping[str, int]  # by share
    targets: Sequence[Target]
    results: Results
    memories: Sequence[Memory]
    proofs: Sequence[Proof]
    stop: Stop | None
    verification: Rates | None
    searches: SearchRates | None
    scans: ScanRates | None
    real: Sequence[RealFigures]
    orchestration: str


def page(measured: Measured) -> str:
    """The whole document."""
    quick = "This was a quick run: one round, little data. " if measured.quick else ""
    text = _HEAD.format(
        date=measured.date,
        minutes=measured.minutes,
        quick=quick,
        rounds=measured.rounds,
        machine=measured.machine,
    )
    said = {True: "yes", False: "**no**", None: "–"}
    for target in measured.targets:
        text += f"| {target.text} | {target.wanted} | {target.found} | {said[target.reached]} |\n"
    missed = [target for target in measured.targets if target.reached is False and target.bound]
    if missed:
        text += "\nNot reached: " + "; ".join(f"{each.text} ({each.bound})" for each in missed) + ".\n"
    isal = (
        " with isal, as ddbbackup does"
        if measured.inflater == "isal"
        else " with zlib, for want of isal's headers"
    )
    counts = {share: f"{count:,}" for share, count in measured.items.items()}
    text += _WRITING.format(isal=isal, **counts)
    for case, found in measured.results.items():
        text += f"\n### {case.label[0].upper()}{case.label[1:]}\n\n" + _table(found)
    return _wrapped(
        text + _memory(measured) + _soundness(measured) + _rest(measured) + measured.orchestration
    )


def _wrapped(text: str) -> str:
    """Paragraphs with lines of one length; headings and tables as they are."""
    blocks = text.strip().split("\n\n")
    return (
        "\n\n".join(
            block if block[0] in "#|" else textwrap.fill(block, 118, break_on_hyphens=False)
            for block in blocks
        )
        + "\n"
    )


def _table(found: Mapping[str, Figures]) -> str:
    ours = found["ddbbackup"]
    text = (
        "| client | items/s | ddbbackup against it | CPU-s/million | the sink's | peak memory | start-up |\n"
    )
    text += "|---|---|---|---|---|---|---|\n"
    for client in EVERYBODY:
        if (each := found.get(client.name)) is None:
            continue
        ratio = ours.items_per_second / each.items_per_second
        against = f"{ratio:.0f} ×" if ratio >= 10 else f"{ratio:.2f} ×"
        text += (
            f"| {client.label} | {each.items_per_second:,.0f} | {against} | {each.cpu_seconds_per_million:.1f} "
            f"| {each.sink_cpu_seconds_per_million:.1f} "
            f"| {each.peak_bytes / 1e6:.0f} MB | {each.start_seconds:.2f} s |\n"
        )
    return text


def _memory(measured: Measured) -> str:
    if not measured.memories:
        return ""
    text = """
## Memory over size

Items of 2 KB; the larger sizes name the same data files again under other keys.

| items | processes | items/s, start-up included | peak of any process | peak of the tree |
|---|---|---|---|---|
"""
    for each in measured.memories:
        text += (
            f"| {each.lines_bytes / 1e9:.1f} GB | {each.processes} | {each.items_per_second:,.0f} "
            f"| {each.worker_peak_bytes / 1e6:.0f} MB | {each.tree_peak_bytes / 1e6:.0f} MB |\n"
        )
    return text


def _soundness(measured: Measured) -> str:
    if not measured.proofs:
        return ""
    text = """
## Nothing lost, nothing changed

The sink verifies every signature, remembers every key with a hash of its content, leaves 5% of the items unprocessed,
throttles 5% of the requests and resets 1% of the connections. "Whole" compares the sum of all contents with the
backup's.

| scenario | items | lost | changed | badly signed | whole | exit code | faults met |
|---|---|---|---|---|---|---|---|
"""
    for each in measured.proofs:
        text += (
            f"| {each.scenario} | {each.items:,} | {each.lost} | {each.changed} | {each.unsigned} "
            f"| {'yes' if each.whole else '**no**'} | {each.exit_code} | {each.faults} |\n"
        )
    if (stop := measured.stop) is not None:
        text += f"\nFrom Ctrl-C in mid-run until all has ended: {stop.seconds:.2f} s, exit code {stop.exit_code}.\n"
    return text


def _rest(measured: Measured) -> str:
    text = ""
    if (rates := measured.verification) is not None:
        text += f"""
## Verification

Every byte of a backup is read, hashed, inflated and counted: {rates.verify / 1e6:.0f} MB/s of compressed data
({rates.inflated / 1e6:.0f} MB/s of items) through S3. Bare threads that read the same files from the page cache, hash
and inflate them and do nothing else reach {rates.bare / 1e6:.0f} MB/s, ours {rates.verify / rates.bare:.0%} of it.

With `--level items`, one process also checks every line and every key: {rates.items_per_second:,.0f} items per
second. With `--level listing`, no data is read: {LISTED_FILES:,} data files in a simulated store that answers after
{PAGE_SECONDS * 1000:.0f} ms take {rates.listing_seconds:.1f} s and {rates.listing_requests:,} requests.
"""
    if (searches := measured.searches) is not None:
        text += f"""
## Searching

`find --key` reads, hashes and inflates every byte too, and searches it before anything is parsed:
{searches.key / 1e6:.0f} MB/s of compressed data, a verification in the same rounds {searches.verify / 1e6:.0f} MB/s.

One process searches {searches.parsed:,.0f} items per second by a condition for which each of them has to be parsed,
and {searches.selected:,.0f} by one whose text leaves most of them out.
"""
    if measured.scans is not None:
        scans = measured.scans
        text += f"""
## Scanning

A table of {scans.items:,} items of 400 B is scanned in {
            SEGMENTS
        } segments into an export, by one process: pages of
1 MB with checksums come from the null server, and the data files go to the null S3 in multipart uploads. boto3's
paginator scans without segments, and writes the same lines with `json` and `gzip` to a local file. Start-up is
subtracted.

| program | item JSON per second | per CPU-second | peak of the process |
|---|---|---|---|
| ddbbackup | {scans.ours.wall / 1e6:.0f} MB | {scans.ours.cpu / 1e6:.0f} MB | {
            scans.ours.peak_bytes / 1e6:.0f} MB |
| boto3's paginator, json, gzip | {scans.paginator.wall / 1e6:.1f} MB | {scans.paginator.cpu / 1e6:.1f} MB | {
            scans.paginator.peak_bytes / 1e6:.0f} MB |
"""
    if measured.real:
        text += """
## Real servers

Whole command, start-up included, one process; the server is the bottleneck and shares the two cores. The servers'
own scan counts the items afterwards. None of them is AWS.

| server | items | items/s |
|---|---|---|
"""
        for each in measured.real:
            text += f"| {each.server} | {each.items:,} | {each.items_per_second:,.0f} |\n"
    return text
