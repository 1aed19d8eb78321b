"""One thing that was looked at, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ddbbackup.errors import DdbBackupError

State = Literal["ok", "warning", "problem", "unknown"]


@dataclass(frozen=True, slots=True)
class Check:
    """``subject`` is what was looked at (``destination vault``), ``name`` in which respect (``versioning``).

    ``problem``: a run would fail, with ``error``. ``unknown``: it could not be found out, and ``message`` says why.
    """

    subject: str
    name: str
    state: State
    message: str
    hint: str = ""
    error: DdbBackupError | None = None
