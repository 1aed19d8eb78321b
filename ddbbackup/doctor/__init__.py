"""Looks at everything that a plan rests on, and says what it found; reads only."""

from __future__ import annotations

from typing import Final

from ddbbackup.doctor.examination import examine
from ddbbackup.steps.permission import Permission

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "table", ("read",)),
    Permission("dynamodb:DescribeContinuousBackups", "table", ("read",)),
    Permission("dynamodb:ListExports", "everything", ("read",)),
)

__all__ = ["PERMISSIONS", "examine"]
