"""What is true of the tables of a run at this moment: what an interruption says."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.model.progress import OnProgress, Progress

_TOLD_ONE_BY_ONE: Final = 3  # more tables are counted
_NAMED: Final = 2  # of those that are counted


@dataclass(frozen=True, slots=True)
class _Told:
    """``alone`` is about one table, ``together`` about all tables of its kind, which are ``{tables}`` in it."""

    alone: str
    together: str


class Standing:
    """One sentence for each table, without its period; many tables are counted. Empty unless ``begin`` is called."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: dict[str, _Told] = {}
        self._counts: dict[str, str] = {}
        self._started = False

    def begin(
        self,
        tables: Iterable[str] = (),
        *,
        alone: str = "nothing was written to {tables}",
        together: str = "nothing was written to {tables}",
    ) -> None:
        """The run works on these tables, and has changed none of them: the sentences about one and about several."""
        with self._lock:
            self._started = True
            self._tables |= {table: _Told(alone.replace("{tables}", table), together) for table in tables}

    def say(self, table: str, sentence: str, *, together: str) -> None:
        """``{count}`` in the sentence becomes ``3 items were``, with the number that was counted last.

        ``together`` says the same of several tables, which are ``{tables}`` in it.
        """
        with self._lock:
            if self._started:
                self._tables[table] = _Told(sentence, together)

    def counting(self, report: OnProgress) -> OnProgress:
        """Also keeps the counts of what is written."""

        def count(progress: Progress) -> None:
            if progress.phase == "write":
                done, total = progress.done, progress.total
                of = f"{grouped(done)} of " if total is not None else ""
                counts = counted(done if total is None else total, "item")
                with self._lock:
                    self._counts[progress.table] = f"{of}{counts} {agreeing(done, 'was', 'were')}"
            report(progress)

        return count

    @property
    def is_of_many(self) -> bool:
        """Whether the run works on several tables."""
        with self._lock:
            return len(self._tables) > 1

    def lines(self) -> tuple[str, ...]:
        """Empty if the verb does not tell. Tables of one kind stand together."""
        with self._lock:
            if not self._started:
                return ()
            if not self._tables:
                return ("nothing was written",)
            kinds: dict[str, list[str]] = {}
            for table, told in self._tables.items():
                kinds.setdefault(told.together, []).append(table)
            few = len(self._tables) <= _TOLD_ONE_BY_ONE
            return tuple(line for kind, tables in kinds.items() for line in self._told(kind, tables, few=few))

    def _told(self, kind: str, tables: list[str], *, few: bool) -> Iterable[str]:
        if not few and len(tables) > 1:
            yield kind.replace("{tables}", _counted(tables))
            return
        for table in tables:
            yield self._tables[table].alone.replace("{count}", self._counts.get(table, "no items were"))


def _counted(tables: list[str]) -> str:
    """``50 tables (orders, users and 48 more)``."""
    rest = len(tables) - _NAMED
    names = f"{', '.join(tables[:_NAMED])} and {grouped(rest)} more" if rest > 0 else " and ".join(tables)
    return f"{counted(len(tables), 'table')} ({names})"
