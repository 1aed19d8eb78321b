"""Checks of what a run depends on: credentials, clock, quotas, tables, destinations. They only read."""

from ddbbackup.checks.destination import check_destination
from ddbbackup.model.check import Check

__all__ = ["Check", "check_destination"]
