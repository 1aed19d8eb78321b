"""Retries that botocore's standard mode does not make: conflicts inside S3, and one new signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ddbbackup.model.aws_errors import is_clock_skew

# Two requests for one key at the same moment, answered with 409: S3 asks for another attempt (S3 API: PutObject).
_CONFLICTS: Final = frozenset({"OperationAborted", "ConditionalRequestConflict"})
_CONFLICT_ATTEMPTS: Final = 5


def add_retries(client: Any) -> None:
    """Makes the client repeat these requests, with new signatures. Has no effect the second time."""
    client.meta.events.register("needs-retry", _seconds_to_wait, unique_id="ddbbackup-extra-retries")


def _seconds_to_wait(attempts: int, response: tuple[Any, Mapping[str, Any]] | None, **_: Any) -> float | None:
    """None: no retry on our part."""
    if response is None:
        return None
    error = response[1].get("Error", {})
    code, message = str(error.get("Code") or ""), str(error.get("Message") or "")
    if code in _CONFLICTS and attempts < _CONFLICT_ATTEMPTS:
        return float(0.2 * 2**attempts)
    # A laptop that was suspended sends a request that was signed before. A second one means that the clock is wrong.
    if is_clock_skew(code, message) and attempts == 1:
        return 0.0
    return None
