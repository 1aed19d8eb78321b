"""From YAML text to a valid ``Plan``, or to every problem of it. Does no I/O except to read plans and schemas."""

from ddbbackup.plan.load import check, load, load_with_document
from ddbbackup.plan.schemas import schema_text

__all__ = ["check", "load", "load_with_document", "schema_text"]
