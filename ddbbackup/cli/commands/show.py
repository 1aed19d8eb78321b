"""``show``: the effective plan, with the file and line of each value. Does not call AWS."""

from __future__ import annotations

import os
from argparse import Namespace

from ddbbackup.cli.output import write_output
from ddbbackup.plan import load_with_document
from ddbbackup.plan.effective import effective
from ddbbackup.report.documents.show import effective_plan


def run(options: Namespace) -> int:
    document, _ = load_with_document(options.file, os.environ)
    return write_output(options, effective_plan(options.file, effective(document)))
