"""Access keys for worker processes: they ask their parent process, which alone knows the source of the credentials.

Each worker has a pipe for it, apart from that of its units, and a thread of the parent that answers. A source that is
slow then holds up neither the progress of the other workers nor an interruption.
"""

from __future__ import annotations

import multiprocessing
import threading
from typing import TYPE_CHECKING

from ddbbackup.errors import Bug, DdbBackupError
from ddbbackup.ports import AccessKeys, BulkAccess, KeyRequest

KeyReply = AccessKeys | DdbBackupError | None

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    ParentEnd = Connection[KeyReply, KeyRequest]
    WorkerEnd = Connection[KeyRequest, KeyReply]


def serve_keys(access: BulkAccess) -> WorkerEnd:
    """The worker's end of a pipe whose requests a new thread answers, until the worker closes it or dies."""
    parent_end: ParentEnd
    worker_end: WorkerEnd
    parent_end, worker_end = multiprocessing.Pipe()
    threading.Thread(target=_answer, args=(access, parent_end), name="worker keys", daemon=True).start()
    return worker_end


def _answer(access: BulkAccess, pipe: ParentEnd) -> None:
    with pipe:
        while True:
            try:
                request = pipe.recv()
                pipe.send(_reply(access, request))
            except (EOFError, OSError):
                return


def _reply(access: BulkAccess, request: KeyRequest) -> KeyReply:
    try:
        return access.keys(request)
    except DdbBackupError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the worker must not wait for ever
        return Bug(f"could not read credentials: {type(error).__name__}")


class KeyClient:
    """The worker's side. Thread-safe."""

    def __init__(self, pipe: WorkerEnd) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def ask(self, request: KeyRequest) -> AccessKeys | None:
        """Raises what the source raises, and ``EOFError`` or ``OSError`` if the parent process has ended."""
        with self._lock:
            self._pipe.send(request)
            reply = self._pipe.recv()
        if isinstance(reply, DdbBackupError):
            raise reply
        return reply
