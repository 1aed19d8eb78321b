"""Data files in a local folder, for worker processes of tests: every process opens them by itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddbbackup.errors import ObjectMissing
from ddbbackup.ports import AccessKeys, BulkTransport, KeyRequest
from tests.support.memory import MemoryObjects, MemoryStream


class FolderObjects(MemoryObjects):
    """Streams the files below ``root``. A key in ``deadly`` kills the process, once."""

    def __init__(self, root: Path, deadly: str | None = None) -> None:
        super().__init__()
        self._root, self._deadly = root, deadly

    @contextmanager
    def stream(self, bucket: str, key: str, *, owner: str | None = None) -> Iterator[MemoryStream]:
        if key == self._deadly:
            with (self._root / "deaths").open("a+") as deaths:
                deaths.write("x")
                if deaths.tell() == 1:
                    os.kill(os.getpid(), signal.SIGKILL)
        path = self._root / key
        if not path.exists():
            raise ObjectMissing(f"{key} does not exist", hint="-")
        yield MemoryStream(path.read_bytes())


@dataclass(frozen=True)
class FolderAccess:
    """Implements ``ports.BulkAccess``, as far as data files are read."""

    root: Path
    deadly: str | None = None

    def objects(self) -> FolderObjects:
        return FolderObjects(self.root, self.deadly)

    def transport(self, table: str) -> BulkTransport[Any]:
        raise NotImplementedError

    def keys(self, request: KeyRequest) -> AccessKeys | None:
        return None

    def in_worker(self, ask: Callable[[KeyRequest], AccessKeys | None]) -> FolderAccess:
        return self
