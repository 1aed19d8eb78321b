"""``schema``: prints the JSON Schema of the plan, or of a document that ddbbackup writes."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.cli.streams import write_stdout
from ddbbackup.plan.schemas import schema_text


def run(options: Namespace) -> int:
    write_stdout(schema_text(options.name), is_json=True)
    return 0
