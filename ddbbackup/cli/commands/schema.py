"""``schema``: prints or writes the JSON Schema of the plan, or of a document that ddbbackup writes."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ddbbackup.cli.streams import write_stdout
from ddbbackup.plan.schemas import schema_text
from ddbbackup.report.files import write_atomically


def run(options: Namespace) -> int:
    text = schema_text(options.name)
    if options.schema_file is None:
        write_stdout(text, is_json=True)
    else:
        write_atomically(Path(options.schema_file), text)
    return 0
