"""The result of one check of the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ddbbackup.errors import DdbBackupError

State = Literal["ok", "warning", "problem", "unknown"]


@dataclass(frozen=True, slots=True)
class Check:
    """``subject`` is what was checked (``destination vault``), ``name`` its aspect (``versioning``).

    ``problem``: a run would fail with ``error``. ``unknown``: the check was not possible; ``message`` says why.
    """

    subject: str
    name: str
    state: State
    message: str
    hint: str = ""
    error: DdbBackupError | None = None
