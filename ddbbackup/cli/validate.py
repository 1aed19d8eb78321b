"""``validate``: every problem of the plan at once. Imports neither boto3 nor anything that does."""

from __future__ import annotations

import os
import sys
from argparse import Namespace

from ddbbackup.cli.printing import print_problems
from ddbbackup.errors import PlanInvalid
from ddbbackup.plan import check
from ddbbackup.report import text


def run(options: Namespace) -> int:
    plan, problems = check(options.file, os.environ)
    names = ", ".join(options.file)
    if problems:
        print_problems(problems, options, text.problems(problems))
        if options.output == "text":
            number = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
            print(f"ddbbackup: {number} in {names}", file=sys.stderr)
        return PlanInvalid.exit_code
    assert plan is not None, "a plan without problems is a plan"
    print_problems((), options, f"{names}: valid; {_spell(len(plan.tables), len(plan.restores))}\n")
    return 0


def _spell(entries: int, restores: int) -> str:
    tables = f"{entries} table " + ("entry" if entries == 1 else "entries")
    return f"{tables}, {restores} restore" + ("" if restores == 1 else "s")
