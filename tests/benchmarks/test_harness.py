"""The benchmark's own parts, with next to nothing to write: what it tells must be true. No times are looked at."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.clients import DDBBACKUP, LIMIT, inflater
from tests.benchmarks.data import Export, export, pool
from tests.benchmarks.page import Measured, page
from tests.benchmarks.rounds import Case, run_case
from tests.benchmarks.scan import measure_scans
from tests.benchmarks.sink import Tools, running
from tests.benchmarks.soundness import prove
from tests.benchmarks.targets import soundness_target, speed_targets
from tests.benchmarks.tree import CommandFailed, measure

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """The programs in C, built as ``make bench`` builds them."""
    if sys.platform != "linux":
        pytest.skip("the sink needs Linux (epoll)")
    for program in ("cc", "openssl"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed here")
    build = tmp_path_factory.mktemp("bench")
    command = ["make", "--silent", f"BENCH={build}", f"{build}/sink", f"{build}/limit", f"{build}/cert.pem"]
    made = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if "fatal error" in made.stderr and ".h: No such file" in made.stderr:
        pytest.skip("the headers of OpenSSL or zlib are not installed")
    assert made.returncode == 0, made.stderr
    return Tools(build)


@pytest.fixture(scope="module")
def exported(tools: Tools) -> Export:
    return export(
        pool(tools.build / "data", item_bytes=400, files=4, items_a_file=500), "small", [0, 1, 2, 3]
    )


@pytest.mark.parametrize("tls", [False, True])
def test_everybody_writes_every_item_and_the_page_tells_it(
    tools: Tools, exported: Export, tmp_path: Path, tls: bool
) -> None:
    """A client whose items did not all arrive would end the run; the page has a row for each."""
    start = export(pool(exported.root, item_bytes=400, files=1, items_a_file=1), "start", [0])
    case = Case(400, 0, tls, 1, (DDBBACKUP, LIMIT))
    results = {case: run_case(case, {"start": start, "large": exported}, tools, tmp_path, rounds=1)}
    assert set(results[case]) == {"ddbbackup", "limit"}
    measured = Measured(
        date="2026-11-24",
        minutes=1.0,
        quick=True,
        rounds=1,
        machine="Machine: a test.",
        inflater=inflater(tools),
        items={"small": 1, "medium": 2, "large": exported.items},
        targets=speed_targets(results),
        results=results,
        memories=(),
        proofs=(),
        stop=None,
        verification=None,
        searches=None,
        scans=None,
        real=(),
        orchestration="",
    )
    text = page(measured)
    assert f"### 400 B, 0 ms, {'TLS' if tls else 'plain'}, one process" in text
    assert text.count("the limit (C, epoll)") == 1


def test_the_sink_remembers_what_a_restore_under_faults_has_written(
    tools: Tools, exported: Export, tmp_path: Path
) -> None:
    """Every key with its content, every signature right, faults met on the way."""
    (proof,) = prove(exported, tools, tmp_path, scenarios=1)
    assert proof.sound
    assert soundness_target([proof]).reached
    assert not proof.faults.startswith("0 unprocessed")


def test_the_sink_sees_what_is_missing_changed_or_badly_signed(
    tools: Tools, exported: Export, tmp_path: Path
) -> None:
    """A check that could not fail would prove nothing."""
    other = pool(exported.root, item_bytes=300, files=1, items_a_file=500)  # the same keys, other contents
    part = export(pool(exported.root, item_bytes=400, files=4, items_a_file=500), "part", [0])
    changed = export(other, "changed", [0])
    with running(tools, exported.root, "--check") as sink:
        for each in (part, changed):
            measure(LIMIT.commands(tools, sink, each, tmp_path, 1), sink.environment(), tmp_path)
        said = sink.stats()
        assert (said["keys"], said["changed"], said["unsigned"]) == (500, 500, 0)
        assert said["digest"] == part.digest != exported.digest
        wrong = sink.environment() | {"AWS_SECRET_ACCESS_KEY": "another"}
        with pytest.raises(CommandFailed, match="InvalidSignature"):
            measure(LIMIT.commands(tools, sink, part, tmp_path, 1), wrong, tmp_path)
        assert sink.stats()["unsigned"] > 0


def test_both_scans_read_every_item(tools: Tools, tmp_path: Path) -> None:
    """And the chapter tells their rates."""
    scans = measure_scans(tools, tmp_path, pages=2, paginator_pages=2, rounds=1)
    assert scans.items == 8 * 2 * 2614
    assert 0 < scans.paginator.cpu < scans.ours.cpu
    assert scans.ours.peak_bytes > 20e6
