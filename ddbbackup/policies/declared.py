"""Every permission that any file of the program declares."""

from __future__ import annotations

from ddbbackup import doctor
from ddbbackup.steps import DECLARING
from ddbbackup.steps.permission import Permission


def declared() -> tuple[Permission, ...]:
    """Without repetition, in the order of the files."""
    every = [permission for module in (*DECLARING, doctor) for permission in module.PERMISSIONS]
    return tuple(dict.fromkeys(every))
