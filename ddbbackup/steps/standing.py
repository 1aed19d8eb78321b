"""What is true of the tables of a run at this moment: what an interruption says."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from ddbbackup.model.numbers import grouped
from ddbbackup.model.progress import OnProgress, Progress


class Standing:
    """One sentence for each table, without its period. Empty unless the verb calls ``begin``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: dict[str, str] = {}
        self._counts: dict[str, str] = {}
        self._started = False

    def begin(self, tables: Iterable[str] = ()) -> None:
        """The run works on these tables, and has changed none of them."""
        with self._lock:
            self._started = True
            self._tables |= {table: f"nothing was written to {table}" for table in tables}

    def say(self, table: str, sentence: str) -> None:
        """``{count}`` in the sentence becomes the number that was counted last."""
        with self._lock:
            if self._started:
                self._tables[table] = sentence

    def counting(self, report: OnProgress) -> OnProgress:
        """Also keeps the counts of what is written."""

        def count(progress: Progress) -> None:
            if progress.phase == "write":
                of = f" of {grouped(progress.total)}" if progress.total is not None else ""
                with self._lock:
                    self._counts[progress.table] = f"{grouped(progress.done)}{of} {progress.unit}"
            report(progress)

        return count

    def lines(self) -> tuple[str, ...]:
        """Empty if the verb does not tell."""
        with self._lock:
            if not self._started:
                return ()
            told = (
                each.replace("{count}", self._counts.get(table, "no items"))
                for table, each in self._tables.items()
            )
            return tuple(told) or ("nothing was written",)
