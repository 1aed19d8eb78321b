"""``make bench``: measures everything and writes the page. Progress goes to stderr.

python -m tests.benchmarks --build DIR --page FILE [--quick]
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog

from tests.benchmarks import chain, comparison, html_report, large_catalog, machine, many_tables, plan
from tests.benchmarks.bulk import measure_memory
from tests.benchmarks.clients import inflater
from tests.benchmarks.orchestration.compare import chapter, simulate, targets
from tests.benchmarks.page import Measured, page
from tests.benchmarks.real import measure_real
from tests.benchmarks.rounds import run_case
from tests.benchmarks.scan import measure_scans
from tests.benchmarks.searching import measure_searching
from tests.benchmarks.sink import Tools
from tests.benchmarks.soundness import prove, stop_in_mid_run
from tests.benchmarks.targets import (
    memory_targets,
    scan_targets,
    search_targets,
    soundness_target,
    speed_targets,
    verification_targets,
)
from tests.benchmarks.verification import measure_verification


def main() -> int:
    """0 if the page is written; whether targets were reached is for the page to say."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--page", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    begun = time.monotonic()
    tools = Tools(options.build.resolve())
    scale = plan.QUICK if options.quick else plan.FULL
    about = machine.describe()
    with tempfile.TemporaryDirectory(prefix="ddbbackup-bench-") as folder:
        work = Path(folder)
        with _telling("data"):
            data = plan.prepare(tools.build / "data", scale)
        with _telling("orchestration"):
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
            nights = simulate(work)
        with _telling("retention"):
            prunes = [large_catalog.plan_all(shape) for shape in large_catalog.SHAPES]
            newest = [large_catalog.find_newest(shape) for shape in large_catalog.SHAPES]
        with _telling("glances"):
            glances = many_tables.glance_all()
        with _telling("report"):
            report = html_report.open_report(work)
        with _telling("soundness"):
            proofs = prove(data.sound, tools, work)
            stop = stop_in_mid_run(data.exports[400]["large"], tools, work)
        with _telling("verification"):
            rates = measure_verification(data.exports[400]["large"], tools, rounds=scale.rounds)
        with _telling("searching"):
            searches = measure_searching(data.exports[400]["large"], tools, work, rounds=scale.rounds)
        with _telling("scans"):
            scans = measure_scans(
                tools,
                work,
                pages=scale.scan_pages,
                paginator_pages=scale.paginator_pages,
                rounds=scale.rounds,
            )
        with _telling("comparisons"):
            tables = [
                comparison.prepare(tools.build / "data", tools, items=items) for items in scale.compared
            ]
            comparisons = [
                comparison.measure_comparison(table, tools, work, rounds=1, with_mirror=table is tables[0])
                for table in tables
            ]
        with _telling("real servers"):
            real = measure_real(data.real, tools, work)
        with _telling("memory"):
            memories = [measure_memory(each, tools, work, processes=2) for each in data.bulk]
        with _telling("chains"):
            speed_chain, memory_chain = chain.prepare(tools.build / "data", quick=options.quick)
            chain_speed = chain.measure_speed(speed_chain, tools, work, rounds=scale.rounds)
            chain_memory = chain.measure_chain_memory(memory_chain, tools, work)
        with _telling("writing"):
            results = {
                case: run_case(case, data.exports[case.item_bytes], tools, work, rounds=scale.rounds)
                for case in scale.cases
            }
    items = {share: export.items for share, export in data.exports[400].items()}
    measured = Measured(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        minutes=(time.monotonic() - begun) / 60,
        quick=options.quick,
        rounds=scale.rounds,
        machine=about,
        inflater=inflater(tools),
        items=items,
        targets=[
            *speed_targets(results),
            *memory_targets(memories),
            *scan_targets(scans),
            *verification_targets(rates),
            *comparison.targets(comparisons),
            *search_targets(searches),
            soundness_target(proofs),
            *targets(nights),
            *large_catalog.targets(prunes, newest),
            *many_tables.targets(glances),
            *html_report.targets(report),
            *chain.targets(chain_speed, chain_memory),
        ],
        results=results,
        memories=memories,
        proofs=proofs,
        stop=stop,
        verification=rates,
        searches=searches,
        scans=scans,
        real=real,
        orchestration=chapter(nights) + large_catalog.chapter(prunes, newest) + many_tables.chapter(glances),
    )
    options.page.write_text(page(measured), encoding="utf-8")
    for target in measured.targets:
        print(f"{target.text}: {target.found} (wanted {target.wanted})")
    print(f"written to {options.page}")
    return 0


@contextmanager
def _telling(what: str) -> Iterator[None]:
    print(f"bench: {what} …", file=sys.stderr, flush=True)
    begun = time.monotonic()
    yield
    print(f"bench: {what} took {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


sys.exit(main())
