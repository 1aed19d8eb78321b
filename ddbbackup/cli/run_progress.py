"""How far a run has come: one line for all tables, and a few lines for those that are worked on.

Pure, except for the lock: ``progress_display`` reads the clock, and draws or logs.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ddbbackup.model.progress import Phase, Progress
from ddbbackup.report.formatting import count, counted, duration, size

SHOWN_TABLES: Final = 5
_CHECKING, _WAITING = "checking", "waiting"
_WORDS: Final[Mapping[Phase, str]] = {
    "queue": "queued",
    "export": "exporting",
    "scan": "scanning",
    "verify": "verifying",
    "write": "writing",
    "prove": "reading back",
    "index": "adding indexes",
    "settings": "applying settings",
    "changes": "reading changes",
    "compare": "comparing",
    "read": "reading",
    "await": "waiting for AWS",
    "tags": "reading tags",
    "assess": "checking",
}
_ORDER: Final = (
    *(word for phase, word in _WORDS.items() if phase not in ("queue", "assess")),
    "queued",
    _WAITING,
    _CHECKING,
)
_WITHOUT_NUMBERS: Final = ("export", "await", "prove", "settings")
_UNITS: Final = {"verify": "backups", "wait": "backups"}
_ONE: Final = {"indexes": "index"}
_SHORTEST_NAME: Final = 16
_LEFT_AFTER: Final = 5.0  # seconds until the time that is left is estimated


@dataclass(slots=True)
class _Work:
    """What is done with one table: since when, and how far it was at first."""

    latest: Progress
    since: float
    first: int


@dataclass(slots=True)
class RunProgress:
    """Called from any thread. Times are seconds of one monotonic clock."""

    verb: str
    started: float
    total: int | None = None  # tables; None until the run knows them
    done: int = 0
    failed: int = 0
    _unit: str = "tables"
    _states: dict[str, str] = field(default_factory=dict)  # by step
    _tables: dict[str, str] = field(default_factory=dict)
    _work: dict[str, _Work] = field(default_factory=dict)  # by table; "" is the whole run
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # ---- what happens

    def begin(self, steps: Mapping[str, str]) -> None:
        """``steps``: the table of each step by its ID, without steps that are about no table."""
        with self._lock:
            self.total, self._tables = len(steps), dict(steps)
            self._states = dict.fromkeys(steps, _CHECKING)
            self._work.pop("", None)
            self._unit = _UNITS.get(self.verb, "tables")

    def step_started(self, step: str) -> None:
        with self._lock:
            if step in self._states:
                self._states[step] = _WAITING

    def step_ended(self, step: str, *, failed: bool) -> None:
        with self._lock:
            if self._states.pop(step, None) is not None:
                self.done += 1
            self.failed += failed
            self._work.pop(self._tables.get(step, ""), None)

    def report(self, progress: Progress, now: float) -> None:
        with self._lock:
            known = self._work.get(progress.table)
            if progress.is_complete and (not progress.table or self.total is None):
                self._work.pop(progress.table, None)
            elif known is not None and known.latest.phase == progress.phase:
                known.latest = progress
            else:
                self._work[progress.table] = _Work(progress, now, progress.done)

    # ---- what is shown

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to show: no step has begun, or all have ended."""
        with self._lock:
            return not self._states and not self._work

    def phases(self) -> dict[str, int]:
        """The number of tables by what is done with them, the most interesting first."""
        with self._lock:
            found = Counter(self._phase(step, state) for step, state in self._states.items())
        return {word: found[word] for word in _ORDER if found[word]}

    def summary(self, now: float) -> str:
        """``backup 31/50 tables · 4 exporting · 15 queued (AWS accepts 40 starts a minute) · 0 failed · 0:47``."""
        return " · ".join(self._parts(now, self._reasons()))

    def headline(self, now: float, width: int) -> list[str]:
        """The summary in so many columns. If they are too few, the reasons for waiting get lines of their own, and
        then phases are left out: how many tables are done, how many failed and the time are always there."""
        reasons = self._reasons()
        if len(whole := " · ".join(self._parts(now, reasons))) <= width:
            return [whole]
        parts = self._parts(now, {})
        while len(" · ".join(parts)) > width and len(parts) > 3:
            del parts[-3]
        return [" · ".join(parts), *(f"  {word}: {reason}" for word, reason in reasons.items())]

    def _reasons(self) -> dict[str, str]:
        """Why tables are queued or are checked slowly, by the word for it."""
        with self._lock:
            return {
                _WORDS[each.latest.phase]: each.latest.reason
                for each in self._work.values()
                if each.latest.reason and each.latest.phase in ("queue", "assess")
            }

    def _parts(self, now: float, reasons: Mapping[str, str]) -> list[str]:
        with self._lock:
            whole = self._work.get("")
        parts = (
            [f"{self.verb} {count(self.done)}/{count(self.total)} {self._unit}"]
            if self.total
            else [self.verb]
        )
        for word, number in self.phases().items():
            parts.append(f"{count(number)} {word}" + (f" ({reasons[word]})" if word in reasons else ""))
        if whole is not None:
            of = f"/{count(whole.latest.total)}" if whole.latest.total is not None else ""
            word = _WORDS[whole.latest.phase]
            done = f"{word} {count(whole.latest.done)}{of} {whole.latest.unit}"
            parts.append(done + (f" ({reasons[word]})" if word in reasons else ""))
        if self.total:
            parts.append(f"{count(self.failed)} failed")
        return [*parts, _clock(now - self.started)]

    def active(self, now: float) -> list[tuple[str, str]]:
        """Up to five tables, each with how far it is; those with numbers first."""
        with self._lock:
            work = [each for table, each in self._work.items() if table and each.latest.phase != "queue"]
        work.sort(key=lambda each: (each.latest.phase in _WITHOUT_NUMBERS, each.since))
        return [(each.latest.table, _told(each, now)) for each in work[:SHOWN_TABLES]]

    def _phase(self, step: str, state: str) -> str:
        work = self._work.get(self._tables[step]) if state == _WAITING else None
        return _WORDS[work.latest.phase] if work is not None else state


def columns(rows: Iterable[tuple[str, str]], width: int) -> list[str]:
    """``orders    verifying 1.2 GiB of 4.0 GiB``, aligned, in so many columns: names are cut, what is told is not."""
    rows = list(rows)
    room = width - 4 - max((len(told) for _, told in rows), default=0)
    names = [_cut(table, max(room, _SHORTEST_NAME)) for table, _ in rows]
    widest = max(map(len, names), default=0)
    return [f"  {name:<{widest}}  {told}" for name, (_, told) in zip(names, rows, strict=True)]


def _cut(name: str, width: int) -> str:
    """``billing-….orders``: both ends of a long name tell tables apart."""
    if len(name) <= width:
        return name
    start = (width - 1) // 2
    return f"{name[:start]}…{name[start + 1 - width :]}"


def _told(work: _Work, now: float) -> str:
    """``verifying 1.2 GiB of 4.0 GiB, 30%, about 1m 12s left``."""
    latest, seconds = work.latest, now - work.since
    word = _WORDS[latest.phase]
    if latest.phase in _WITHOUT_NUMBERS:
        return f"{word} for {_clock(seconds)}" + (f": {latest.reason}" if latest.reason else "")
    if latest.total is None:
        return f"{word}, {_amount(latest.done, latest)} so far" if latest.done else word
    done = size(latest.done) if latest.unit == "bytes" else count(latest.done)
    text = f"{word} {done} of {_amount(latest.total, latest)}"
    if latest.total:
        text += f", {min(100, 100 * latest.done // latest.total)}%"
    gained, rest = latest.done - work.first, latest.total - latest.done
    if seconds >= _LEFT_AFTER and gained > 0 and rest > 0:
        text += f", about {duration(max(10.0, seconds * rest / gained))} left"
    return text


def _amount(number: int, progress: Progress) -> str:
    if progress.unit == "bytes":
        return size(number)
    return counted(number, _ONE.get(progress.unit) or progress.unit.removesuffix("s"), progress.unit)


def _clock(seconds: float) -> str:
    """``0:47``, ``12:03``, ``1:02:03``."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
