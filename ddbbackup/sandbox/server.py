"""The server of the sandbox, on loopback."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer

from ddbbackup.errors import UsageError
from ddbbackup.sandbox import (
    moto_buckets,
    moto_changes,
    moto_indexes,
    moto_listings,
    moto_policies,
    moto_scaling,
    moto_settings,
    moto_table_updates,
    moto_tables,
    sandbox_clock,
    update_rules,
)
from ddbbackup.sandbox.moto_archives import MotoArchives
from ddbbackup.sandbox.moto_backups import MotoBackups
from ddbbackup.sandbox.moto_bulk_puts import MotoBulkPuts
from ddbbackup.sandbox.moto_exports import MotoExports
from ddbbackup.sandbox.moto_imports import MotoImports
from ddbbackup.sandbox.moto_pitr_restores import MotoPitrRestores
from ddbbackup.sandbox.moto_requests import MotoRequests
from ddbbackup.sandbox.moto_session_keys import MotoSessionKeys

HOST: Final = "127.0.0.1"  # the server has no authentication, so it must not be reachable from outside


class Sandbox:
    """A running sandbox; ``url`` is the endpoint of all services. ``stop`` ends it.

    For tests: ``clock`` is the time of day in its DynamoDB, ``expire_items`` lets TTL delete what has expired.
    """

    account = DEFAULT_ACCOUNT_ID

    def __init__(self, port: int, export_seconds: tuple[float, float], cooldown_seconds: float) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        moto_api_backend.reset()
        self.clock = sandbox_clock.CLOCK
        self.clock.ahead_seconds = 0.0
        update_rules.COOLDOWN_SECONDS = cooldown_seconds
        self.exports = MotoExports(export_seconds)
        self.imports = MotoImports(export_seconds)
        self.bulk_puts = MotoBulkPuts(export_seconds)
        self.pitr_restores = MotoPitrRestores(export_seconds)
        self.backups = MotoBackups(export_seconds)
        self._jobs = (self.exports, self.imports, self.bulk_puts, self.pitr_restores, self.backups)
        for jobs in self._jobs:
            jobs.install()
        self.requests = MotoRequests()
        self.requests.install()
        for part in (
            sandbox_clock,
            moto_tables,
            moto_table_updates,
            moto_changes,
            moto_indexes,
            moto_settings,
            moto_policies,
            moto_scaling,
            moto_buckets,
            moto_listings,
        ):
            part.install()
        self.session_keys = MotoSessionKeys()
        self.session_keys.install()
        self.archives = MotoArchives()
        self.archives.install()
        self._server = ThreadedMotoServer(HOST, port, verbose=False)
        if port and _in_use(port):
            raise UsageError(
                f"port {port} on {HOST} is already in use", hint="choose another port with --port"
            )
        self._server.start()
        self.url = "http://{}:{}".format(*self._server.get_host_and_port())

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def expire_items(self) -> int:
        """Deletes the items that have expired by the TTL of their tables, and returns how many."""
        return moto_changes.delete_expired()

    def stop(self) -> None:
        for jobs in self._jobs:
            jobs.close()
        self._server.stop()


def _in_use(port: int) -> bool:
    import socket  # noqa: PLC0415 - needed only for a given port

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
