"""What must be so for a run to go well, found out by reading only: for ``preview``, ``doctor`` and ``require``."""

from ddbbackup.checks.check import attempt
from ddbbackup.checks.destination import check_destination, requirements
from ddbbackup.model.check import Check

__all__ = ["Check", "attempt", "check_destination", "requirements"]
