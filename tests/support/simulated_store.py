"""A folder of very many objects, none of which has a body: what a listing and HeadObject say, after a while."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from ddbbackup.ports import ObjectFacts
from tests.support.memory import MemoryObjects

PAGE_KEYS = 1000


class SimulatedStore(MemoryObjects):
    """``requests`` counts pages and heads.

    ``facts`` are sorted by key. A request takes ``page_seconds`` or ``head_seconds``.
    """

    def __init__(
        self, facts: Sequence[ObjectFacts], *, page_seconds: float = 0.0, head_seconds: float = 0.0
    ) -> None:
        super().__init__()
        self._listed = facts
        self._keys = [each.key for each in facts]
        self._by_key = {each.key: each for each in facts}
        self._page_seconds, self._head_seconds = page_seconds, head_seconds
        self._lock = threading.Lock()
        self.pages = self.heads = 0

    @property
    def requests(self) -> int:
        return self.pages + self.heads

    def head(self, bucket: str, key: str, *, owner: str | None = None) -> ObjectFacts | None:
        with self._lock:
            self.heads += 1
        time.sleep(self._head_seconds)
        return self._by_key.get(key)

    def keys(
        self,
        bucket: str,
        prefix: str,
        *,
        owner: str | None = None,
        start_after: str | None = None,
        recursive: bool = True,
    ) -> Iterator[ObjectFacts]:
        position = bisect_right(self._keys, start_after) if start_after is not None else 0
        while True:
            with self._lock:
                self.pages += 1
            time.sleep(self._page_seconds)
            page = self._listed[position : position + PAGE_KEYS]
            for each in page:
                assert each.key.startswith(prefix)
                yield each
            position += len(page)
            if position >= len(self._listed):
                return
