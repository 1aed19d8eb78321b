"""A plan whose tables a document shows: one of several, if the files are given by a pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ddbbackup.report.documents.failure import ErrorInfo, error_info

if TYPE_CHECKING:
    from ddbbackup.errors import DdbBackupError
    from ddbbackup.ports import Identity


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """One plan. ``errors`` are those of what could not be read or selected, or why the plan is not shown.

    ``plan`` is None for a plan that is not valid, ``account`` and ``region`` for one that was not connected.
    """

    plan: str | None
    files: tuple[str, ...]
    account: str | None
    region: str | None
    errors: tuple[ErrorInfo, ...]
    exit_code: int


def read_plan(
    plan: str, files: Sequence[str], identity: Identity, errors: Sequence[DdbBackupError], *, exit_code: int
) -> ReadPlan:
    return ReadPlan(
        plan,
        tuple(files),
        identity.account,
        identity.region,
        tuple(error_info(error) for error in errors),
        exit_code,
    )


def unread_plan(files: Sequence[str], error: DdbBackupError) -> ReadPlan:
    """A plan of several that cannot be shown."""
    return ReadPlan(None, tuple(files), None, None, (error_info(error),), error.exit_code)


def naming(files: Sequence[str], message: str) -> str:
    """The message about one of several plans, which names the files of the plan once."""
    names = ", ".join(files)
    return message if names in message else f"{names}: {message}"
