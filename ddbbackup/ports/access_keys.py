"""Access keys, and what a worker process of a bulk job asks its parent process about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["source", "target"]
"""Of a bulk job: the data files that it reads, and the table that it writes to."""


@dataclass(frozen=True, slots=True)
class AccessKeys:
    """Credentials at one moment. ``repr`` hides them, so that no log or traceback shows them.

    AWS never issues the same ``access_key`` twice, so it tells temporary credentials apart; alone it is no secret.
    """

    access_key: str
    secret_key: str
    token: str | None = None
    account_id: str | None = None

    def __repr__(self) -> str:
        return "AccessKeys(…)"


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """Asks for the current keys of one side, or for newer ones than those that AWS ``rejected`` as expired."""

    side: Side
    rejected: str | None = None  # the access key, or None
