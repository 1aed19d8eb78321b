"""From YAML text to a valid ``Plan``, or to every problem that it has. Pure but for reading plans and schemas."""

from ddbbackup.plan.load import check, explain, load
from ddbbackup.plan.schemas import schema_text

__all__ = ["check", "explain", "load", "schema_text"]
