"""``schema``: prints the JSON Schema of the plan, or of a document that ddbbackup writes."""

from __future__ import annotations

import sys
from argparse import Namespace

from ddbbackup.plan.schemas import schema_text


def run(options: Namespace) -> int:
    sys.stdout.write(schema_text(options.name))
    return 0
