"""``show``: the effective plan, with the file and line that each value came from. Touches no AWS."""

from __future__ import annotations

import os
from argparse import Namespace

from ddbbackup.cli.output import say
from ddbbackup.plan import load_with_document
from ddbbackup.plan.effective import effective
from ddbbackup.report.documents.show import to_json, to_yaml


def run(options: Namespace) -> int:
    document, _ = load_with_document(options.file, os.environ)
    values = effective(document)
    say(
        options,
        lambda form: to_json(values, options.file) if form == "json" else to_yaml(values),
        summary=False,
    )
    return 0
