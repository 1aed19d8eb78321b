"""Keeps the lock of a restore's target alive while the restore runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ddbbackup.errors import Conflict, DdbBackupError
from ddbbackup.restore.shared_state import RENEW_SECONDS
from ddbbackup.restore.state import RestoreState


@asynccontextmanager
async def renewed(state: RestoreState) -> AsyncIterator[None]:
    """Renews the lock in the background. If another machine takes over, the block is cancelled with ``Conflict``."""
    owner = asyncio.current_task()
    lost: list[Conflict] = []

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await asyncio.to_thread(state.renew)
            except Conflict as error:
                lost.append(error)
                if owner is not None:
                    owner.cancel()
                return
            except DdbBackupError:
                continue  # the vault cannot be reached right now; the lock holds for some time yet

    task = asyncio.create_task(renew(), name="renew the lock of a restore")
    try:
        yield
    except asyncio.CancelledError:
        if lost:
            raise lost[0] from None
        raise
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
