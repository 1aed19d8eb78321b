"""``validate``: every problem of the plan at once. Imports neither boto3 nor anything that does."""

from __future__ import annotations

import os
import sys
from argparse import Namespace

from ddbbackup.errors import PlanInvalid
from ddbbackup.plan import check
from ddbbackup.report.problems import render


def run(options: Namespace) -> int:
    plan, problems = check(options.file, os.environ)
    if options.output != "text":
        sys.stdout.write(render(problems, options.output))
        return PlanInvalid.exit_code if problems else 0
    if problems:
        sys.stdout.write(render(problems, "text"))
        number = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        print(f"ddbbackup: {number} in {', '.join(options.file)}", file=sys.stderr)
        return PlanInvalid.exit_code
    assert plan is not None, "a plan without problems is a plan"
    print(f"{', '.join(options.file)}: valid; {_spell(len(plan.tables), len(plan.restores))}")
    return 0


def _spell(entries: int, restores: int) -> str:
    tables = f"{entries} table " + ("entry" if entries == 1 else "entries")
    return f"{tables}, {restores} restore" + ("" if restores == 1 else "s")
