"""Backup IDs have no smaller unit than a second, so backups of the same one have no order."""

from __future__ import annotations

import time


def wait_for_next_second() -> None:
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(0.02)
