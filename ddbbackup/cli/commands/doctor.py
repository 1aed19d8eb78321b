"""``doctor``: checks everything that the plan depends on; ``--iam``: the least IAM policies for the plan."""

from __future__ import annotations

import json
import os
from argparse import Namespace

from ddbbackup.checks.doctor import run_checks
from ddbbackup.cli import logs
from ddbbackup.cli.event_loop import run_interruptibly
from ddbbackup.cli.output import write_json, write_output
from ddbbackup.cli.registries import declared_permissions
from ddbbackup.cli.run_id import choose_run_id
from ddbbackup.cli.session import connect_to, load_plan, open_context
from ddbbackup.cli.verbs import roles_of_verbs
from ddbbackup.clock import SystemClock
from ddbbackup.errors import UsageError
from ddbbackup.iam import PlaceOfPlan, policies_of
from ddbbackup.model.arn import Arn
from ddbbackup.plan.model import Plan
from ddbbackup.report.documents.doctor import doctor_report
from ddbbackup.report.documents.policies import plan_policies
from ddbbackup.report.renderers import json_documents


def run(options: Namespace) -> int:
    plan = load_plan(options)
    clock = SystemClock()
    run_id = choose_run_id(None, os.environ, clock.now())
    logs.configure(options.log_format, run=run_id, plan=plan.name)
    if options.iam is not None:
        return write_json(options, _policies(plan, options.iam))
    cloud = connect_to(plan)
    with open_context(options, plan, cloud, run_id=run_id, clock=clock, started_at=clock.now()) as context:
        checks = run_interruptibly(run_checks(context, only=options.only))
    report = doctor_report(plan.name, checks, now=clock.now())
    return write_output(options, report, report.exit_code)


def _policies(plan: Plan, role: str) -> str:
    """JSON: one document with all policies, or the policy of one role in the form that IAM accepts."""
    policies = policies_of(plan, _place(plan), declared_permissions(), roles_of_verbs())
    if role == "all":
        return json_documents.render(plan_policies(policies))
    if role not in policies.roles:
        raise UsageError(
            f"the plan {plan.name} needs no role {role!r}",
            hint=f"choose one of: {', '.join(['all', *policies.roles])}",
        )
    return json.dumps(policies.roles[role], indent=2) + "\n"


def _place(plan: Plan) -> PlaceOfPlan:
    """From the plan if it contains account and region: policies are needed before there are credentials."""
    aws = plan.aws
    region, account = aws.region, aws.account
    if account is None and aws.assume_role is not None:
        account = Arn.parse(aws.assume_role.role_arn).account
    if region and account:
        return PlaceOfPlan(_partition(region), region, account)
    identity = connect_to(plan).identity
    return PlaceOfPlan(identity.partition, identity.region, identity.account)


def _partition(region: str) -> str:
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(prefix):
            return partition
    return "aws"
