"""``python -m tests.faults``: plays all scenarios, or those that are named, and prints every broken law.

A full run plays every scenario with the first seed, and a fifth of the scenarios of every kind with all seeds. `make
test-faults` also writes its figures to docs/reliability.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from tests.faults.model import Played, Violation
from tests.faults.page import write_figures
from tests.faults.scenarios import SCENARIOS
from tests.faults.suite import Task, play_all

SEEDS: Final = 5
_EVERY: Final = 5  # of so many scenarios of a kind, one is played with all seeds


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--scenario", default="*", metavar="GLOB", help="names, such as 'kill/write/*'")
    parser.add_argument("--seed", type=int, help="only this seed")
    parser.add_argument("--all-seeds", action="store_true", help="every scenario with every seed (hours)")
    parser.add_argument("--workers", type=int, help="processes (default: three a core)")
    parser.add_argument("--list", action="store_true", help="print the names of the scenarios")
    parser.add_argument("--write-figures", action="store_true", help="write docs/reliability.md")
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        help="also write results, one JSON a line; plays that the file has are not repeated",
    )
    options = parser.parse_args()
    names = [
        name for name in SCENARIOS if any(fnmatchcase(name, each) for each in options.scenario.split(","))
    ]
    if options.list or not names:
        print("\n".join(names) or f"no scenario matches {options.scenario}")
        return 0 if names else 2
    if options.seed is not None:
        tasks = [Task(name, options.seed) for name in names]
    else:
        repeated = names if options.all_seeds or options.scenario != "*" else _sample(names)
        tasks = [Task(name, 1) for name in names]
        tasks += [Task(name, seed) for seed in range(2, SEEDS + 1) for name in repeated]
    earlier = _read(options.results)
    tasks = [
        task for task in tasks if (task.name, task.seed) not in {(each.name, each.seed) for each in earlier}
    ]
    began = time.monotonic()
    results = [*earlier, *_shown(tasks, options.workers, options.results)]
    _print_summary(results, time.monotonic() - began)
    if options.write_figures:
        write_figures(results)
    return 1 if any(each.violations for each in results) else 0


def _sample(names: Sequence[str]) -> Sequence[str]:
    """Every fifth scenario of each kind, and at least one."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_kind[SCENARIOS[name].fault].append(name)
    return [name for of_kind in by_kind.values() for name in of_kind[::_EVERY]]


def _shown(tasks: Sequence[Task], workers: int | None, file: Path | None) -> Sequence[Played]:
    results = []
    began = time.monotonic()
    for played in play_all(tasks, workers=workers):
        results.append(played)
        if file is not None:
            _append(file, played)
        _print_violations(played)
        if len(results) % 50 == 0:
            broken = sum(bool(each.violations) for each in results)
            minutes = (time.monotonic() - began) / 60
            print(f"… {len(results)} of {len(tasks)}, {broken} failed, {minutes:.1f} min", flush=True)
    return results


def _print_violations(played: Played) -> None:
    """One violation of each law, and how to repeat them."""
    if not played.violations:
        return
    counts = Counter(violation.law for violation in played.violations)
    details = {violation.law: violation.detail for violation in reversed(played.violations)}
    for law, detail in details.items():
        print(f"FAILED {played.name} seed {played.seed}: {law} ({counts[law]}): {detail.strip()}")
    print("  " + played.trace.replace("\n", "\n  "))
    print(f"  rerun: {played.rerun}", flush=True)


def _read(file: Path | None) -> list[Played]:
    if file is None or not file.exists():
        return []
    documents = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [
        Played(
            each["name"],
            SCENARIOS[each["name"]].fault,
            each["seed"],
            each["seconds"],
            each["runs"],
            tuple(Violation(law, detail) for law, detail in each["violations"]),
            each["trace"],
        )
        for each in documents
        if each["name"] in SCENARIOS
    ]


def _append(file: Path, played: Played) -> None:
    with file.open("a", encoding="utf-8") as out:
        document = {
            "name": played.name,
            "seed": played.seed,
            "seconds": round(played.seconds, 2),
            "runs": played.runs,
            "violations": [[each.law, each.detail] for each in played.violations],
            "trace": played.trace,
        }
        out.write(json.dumps(document) + "\n")


def _print_summary(results: Sequence[Played], seconds: float) -> None:
    """Broken laws by law and kind of fault, with one command each that repeats it."""
    groups: dict[tuple[str, str], list[Played]] = defaultdict(list)
    for played in results:
        for violation in played.violations:
            groups[violation.law, played.fault].append(played)
    for (law, fault), broken in sorted(groups.items()):
        names = Counter(each.name for each in broken)
        print(f"{law} [{fault}]: {len(broken)} times in {len(names)} scenarios\n    {broken[0].rerun}")
    passed = sum(not each.violations for each in results)
    # The form that CI counts.
    print(f"{passed} passed, {len(results) - passed} failed")
    print(f"{len({each.name for each in results})} scenarios, {seconds / 60:.1f} min", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
