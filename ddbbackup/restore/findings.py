"""What is asked of a restore, and what its assessment found."""

from __future__ import annotations

from dataclasses import dataclass

from ddbbackup.bulk.compare import PointComparison
from ddbbackup.plan.model import Restore
from ddbbackup.ports import RetrievalTier
from ddbbackup.restore.method import RestoreJob
from ddbbackup.restore.method_selection import MethodName
from ddbbackup.restore.restore_progress import RestoreProgress


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """``target`` is the rendered table name. ``confirmed``: the user agreed to overwrite the live source table.

    ``adopts``: the user wants to continue with a table that no run has recorded (``restore/adoption.py``).
    ``retrieve``: the run asks S3 for archived objects. ``accepts_incomplete``: the user wants what can be proven of
    a damaged backup. ``allowed_deletes`` and ``comparison``: see ``RestoreJob``. ``step``, ``kind`` and
    ``summary`` name the step for people.
    """

    restore: Restore
    target: str
    confirmed: bool
    adopts: bool
    retrieve: RetrievalTier | None
    accepts_incomplete: bool
    allowed_deletes: int | None
    comparison: PointComparison | None
    step: str
    kind: str
    summary: str


@dataclass(frozen=True, slots=True)
class RestoreFindings:
    """``reason`` says why ``method`` is selected. ``earlier`` is the progress of an earlier run of this restore.

    ``is_loaded``: that run put all data into the table, a sample of it is still there, and only settings remain.
    ``done``: this run ID has completed the restore already.
    """

    job: RestoreJob
    method: MethodName
    reason: str
    earlier: RestoreProgress | None
    is_loaded: bool
    done: bool = False
