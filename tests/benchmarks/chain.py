"""A full export with windows against the same export alone; and the memory of ten million changed keys.

python -m tests.benchmarks.chain --build DIR [--quick] measures only this, without the rest of ``make bench``.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.data import BUCKET, MADE_BY, Pool, PoolFile, item_line, made_file, pool
from tests.benchmarks.rounds import fresh
from tests.benchmarks.sink import Sink, Tools, running
from tests.benchmarks.targets import Target
from tests.benchmarks.tree import Usage, measure

CLIENT = Path(__file__).parent / "peers" / "write_chain.py"
FILES_A_WINDOW = 4
_DELETED, _INSERTED = 0.1, 0.1  # shares of changes; the others are updates


@dataclass(frozen=True)
class Chain:
    """``final`` is the number of items at its end, ``changed_keys`` of those that windows change."""

    base: Pool
    windows: tuple[tuple[PoolFile, ...], ...]
    final: int
    changed_keys: int


@dataclass(frozen=True)
class ChainSpeed:
    """Items in their final state per second, start-up included, and the CPU time of all processes. Medians."""

    chain: float
    plain: float
    chain_cpu_seconds: float
    plain_cpu_seconds: float
    changes: int
    windows: int
    items: int

    @property
    def ratio(self) -> float:
        return self.chain / self.plain


@dataclass(frozen=True)
class ChainMemory:
    changed_keys: int
    seconds: float
    process_peak_bytes: int


def make_chain(root: Path, base: Pool, *, windows: int, changes: int, item_bytes: int) -> Chain:
    """Makes the files unless they are there. Each window changes ``changes`` items chosen at random."""
    items = sum(file.items for file in base.files)
    folder = root / BUCKET / f"windows-{items}-{windows}x{changes}-{item_bytes}-{MADE_BY}"
    facts = folder / "facts.json"
    if not facts.exists():
        folder.mkdir(parents=True, exist_ok=True)
        chance = random.Random(items)
        alive = bytearray(b"\x01" * items) + bytearray(windows * changes)
        changed = bytearray(len(alive))
        unused = iter(range(items, len(alive)))
        made = []
        for window in range(windows):
            numbers = chance.sample(range(items), changes)
            files = []
            for part in range(FILES_A_WINDOW):
                lines = list(
                    _changes(
                        numbers[part::FILES_A_WINDOW], window, alive, changed, unused, item_bytes, chance
                    )
                )
                files.append(asdict(made_file(folder / f"{window:03d}-{part}.json.gz", lines)))
            made.append(files)
        facts.write_text(json.dumps({"windows": made, "final": sum(alive), "changed_keys": sum(changed)}))
    known = json.loads(facts.read_text())
    listed = tuple(tuple(PoolFile(**file) for file in files) for files in known["windows"])
    return Chain(base, listed, known["final"], known["changed_keys"])


def _changes(
    numbers: Sequence[int],
    window: int,
    alive: bytearray,
    changed: bytearray,
    unused: Iterator[int],
    item_bytes: int,
    chance: random.Random,
) -> Iterator[bytes]:
    for old_number in numbers:
        kind = chance.random()
        number = next(unused) if kind < _INSERTED else old_number
        deletes = kind > 1 - _DELETED
        if deletes and not alive[number]:
            continue
        keys = f'{{"id":{{"S":"{number:012d}"}}}}'.encode()
        old = item_line(number, item_bytes)[len(b'{"Item":') : -1] if alive[number] else b""
        changed[number], alive[number] = 1, not deletes
        micros = f"{1768387643000000 + window * 1000000 + number % 1000000}".encode()
        line = b'{"Metadata":{"WriteTimestampMicros":{"N":"' + micros + b'"}},"Keys":' + keys
        if old:
            line += b',"OldImage":' + old
        if not deletes:
            line += (
                b',"NewImage":'
                + item_line(number, item_bytes)[len(b'{"Item":') : -2]
                + b',"w":{"N":"%d"}}' % window
            )
        yield line + b"}"


def measure_speed(chain: Chain, tools: Tools, work: Path, *, rounds: int, latency_ms: int = 5) -> ChainSpeed:
    """In turns, in one run: the export alone, and with its windows. Two workers."""
    plain: list[Usage] = []
    with_windows: list[Usage] = []
    items = sum(file.items for file in chain.base.files)
    with running(tools, chain.base.root, latency_ms=latency_ms) as sink:
        for _ in range(rounds):
            plain.append(_write(chain, (), items, tools, sink, work))
            with_windows.append(_write(chain, chain.windows, chain.final, tools, sink, work))
            print(
                f"  plain {items / plain[-1].seconds:,.0f} items/s, {plain[-1].cpu_seconds:.1f} CPU s; "
                f"with windows {chain.final / with_windows[-1].seconds:,.0f} items/s, "
                f"{with_windows[-1].cpu_seconds:.1f} CPU s",
                file=sys.stderr,
            )
    return ChainSpeed(
        chain=chain.final / statistics.median(usage.seconds for usage in with_windows),
        plain=items / statistics.median(usage.seconds for usage in plain),
        chain_cpu_seconds=statistics.median(usage.cpu_seconds for usage in with_windows),
        plain_cpu_seconds=statistics.median(usage.cpu_seconds for usage in plain),
        changes=sum(file.items for window in chain.windows for file in window),
        windows=len(chain.windows),
        items=items,
    )


def measure_chain_memory(chain: Chain, tools: Tools, work: Path) -> ChainMemory:
    with running(tools, chain.base.root) as sink:
        usage = _write(chain, chain.windows, chain.final, tools, sink, work)
    return ChainMemory(chain.changed_keys, usage.seconds, usage.process_peak_bytes)


def _write(
    chain: Chain,
    windows: Sequence[Sequence[PoolFile]],
    expected: int,
    tools: Tools,
    sink: Sink,
    work: Path,
) -> Usage:
    directory = fresh(work / "chain")
    job = directory / "job.json"
    described = [[_described(chain, file) for file in window] for window in windows]
    base = [_described(chain, file) for file in chain.base.files]
    job.write_text(json.dumps({"base": base, "windows": described, "workers": 2}))
    sink.forget()
    usage = measure(
        [[sys.executable, str(CLIENT), sink.url, BUCKET, str(job)]], sink.environment(), directory
    )
    arrived = sink.stats()["items"]
    assert arrived == expected, f"{arrived} of {expected} items arrived"
    return usage


def _described(chain: Chain, file: PoolFile) -> dict[str, object]:
    key = str(Path(file.path).relative_to(chain.base.root / BUCKET))
    return {"key": key, "md5": file.md5, "item_count": file.items, "size_bytes": file.size_bytes}


def prepare(root: Path, *, quick: bool) -> tuple[Chain, Chain]:
    """For speed: 30 windows that change 1% of a million items each. For memory: ten million changed keys."""
    base = pool(root, item_bytes=400, files=16, items_a_file=62_500)
    if quick:
        base = Pool(base.root, base.item_bytes, base.files[:4])
    items = sum(file.items for file in base.files)
    speed = make_chain(root, base, windows=30, changes=items // 100, item_bytes=400)
    many = pool(root, item_bytes=130, files=8, items_a_file=12_500 if quick else 1_250_000)
    memory = make_chain(
        root, many, windows=30, changes=sum(f.items for f in many.files) // 10, item_bytes=130
    )
    return speed, memory


def targets(speed: ChainSpeed, memory: ChainMemory) -> list[Target]:
    text = f"items/s of a chain of {speed.windows} windows that change {speed.changes:,} of {speed.items:,} items"
    cpu = f"{speed.chain_cpu_seconds:.1f} CPU-seconds against {speed.plain_cpu_seconds:.1f}"
    return [
        Target(
            f"{text}, against the full export alone",
            "≥ 0.6 ×",
            f"{speed.ratio:.2f} ×",
            speed.ratio >= 0.6,
            cpu,
        ),
        Target(
            f"peak memory of any process with {memory.changed_keys:,} changed keys",
            "≤ 200 MB",
            f"{memory.process_peak_bytes / 1e6:.0f} MB",
            memory.process_peak_bytes <= 200e6,
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.chain")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    tools = Tools(options.build.resolve())
    speed, memory = prepare(tools.build / "data", quick=options.quick)
    with tempfile.TemporaryDirectory(prefix="ddbbackup-bench-") as folder:
        print(measure_speed(speed, tools, Path(folder), rounds=1 if options.quick else 3))
        print(measure_chain_memory(memory, tools, Path(folder)))


if __name__ == "__main__":
    main()
