"""``validate``: every problem of the plan at once. Imports neither boto3 nor anything that does."""

from __future__ import annotations

import os
import sys
from argparse import Namespace

from ddbbackup.cli.grammar import DEFAULT_PLAN
from ddbbackup.cli.output import print_problems
from ddbbackup.errors import PlanInvalid, UsageError
from ddbbackup.plan import check
from ddbbackup.problems import Problem
from ddbbackup.report.renderers import text


def run(options: Namespace) -> int:
    if options.plans and options.file != [DEFAULT_PLAN]:
        raise UsageError(
            "-f lays files over one another, a PLAN stands by itself", hint="name plans one way or the other"
        )
    several = [[name] for name in options.plans] or [options.file]
    found: list[Problem] = []
    said = ""
    for files in several:
        plan, problems = check(files, os.environ)
        found += problems
        said += text.problems(problems)
        if plan is not None:
            said += f"{', '.join(files)}: valid; {_spell(len(plan.tables), len(plan.restores))}\n"
    print_problems(found, options, said)
    if not found:
        return 0
    if options.output == "text":
        number = f"{len(found)} problem" + ("s" if len(found) != 1 else "")
        print(f"ddbbackup: {number} in {', '.join(options.plans or options.file)}", file=sys.stderr)
    return PlanInvalid.exit_code


def _spell(entries: int, restores: int) -> str:
    tables = f"{entries} table " + ("entry" if entries == 1 else "entries")
    return f"{tables}, {restores} restore" + ("" if restores == 1 else "s")
