"""``validate``: every problem of the plan at once. Imports neither boto3 nor anything that imports it."""

from __future__ import annotations

import os
from argparse import Namespace

from ddbbackup.cli.options import DEFAULT_PLAN
from ddbbackup.cli.output import write_output
from ddbbackup.cli.plan_globs import separate_plans
from ddbbackup.cli.streams import say
from ddbbackup.errors import PlanInvalid, UsageError
from ddbbackup.model.numbers import counted
from ddbbackup.plan import check
from ddbbackup.problems import Problem
from ddbbackup.report.documents.validate import ValidatedPlan, Validation


def run(options: Namespace) -> int:
    if options.plans and options.file != [DEFAULT_PLAN]:
        raise UsageError(
            "both -f and PLAN are given, but -f overlays files and each PLAN is separate",
            hint="use either -f or PLAN",
        )
    named = [[name] for name in options.plans] or [options.file]
    groups = [files for each in named for files in separate_plans(each)]
    plans: list[ValidatedPlan] = []
    problems: list[Problem] = []
    invalid = 0
    for files in groups:
        plan, found = check(files, os.environ)
        problems += found
        invalid += bool(found)
        if plan is None:
            plans.append(ValidatedPlan(tuple(files), valid=False))
        else:
            plans.append(ValidatedPlan(tuple(files), True, len(plan.tables), len(plan.restores)))
    code = PlanInvalid.exit_code if problems else 0
    code = write_output(options, Validation(tuple(plans), tuple(problems)), code)
    if problems and options.output == "text":
        where = f"{invalid} of {len(groups)} plans" if len(groups) > 1 else ", ".join(groups[0])
        say(f"ddbbackup: {counted(len(problems), 'problem')} in {where}")
    return code
