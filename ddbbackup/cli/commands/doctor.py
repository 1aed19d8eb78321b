"""``doctor``: everything that the plan rests on, looked at; ``--iam``: the least that roles have to be allowed."""

from __future__ import annotations

import os
from argparse import Namespace
from functools import partial

from ddbbackup.aws import connect
from ddbbackup.checks.doctor import examine
from ddbbackup.cli import logs
from ddbbackup.cli.event_loop import run_interruptibly
from ddbbackup.cli.output import say
from ddbbackup.cli.registries import declared_permissions
from ddbbackup.cli.run_id import choose_run_id
from ddbbackup.cli.session import connection_of, open_context
from ddbbackup.clock import SystemClock
from ddbbackup.iam import PlaceOfPlan, policies_of
from ddbbackup.plan import load
from ddbbackup.plan.model import Plan
from ddbbackup.report.documents.doctor import checkup_code, render
from ddbbackup.report.documents.iam import render as policies_text


def run(options: Namespace) -> int:
    plan = load(options.file, os.environ)
    clock = SystemClock()
    run_id = choose_run_id(None, os.environ, clock.now())
    logs.configure(options.log_format, run=run_id, plan=plan.name)
    if options.iam is not None:
        return _print_policies(plan, options)
    cloud = connect(connection_of(plan.aws))
    with open_context(options, plan, cloud, run_id=run_id, clock=clock, started_at=clock.now()) as context:
        checks = run_interruptibly(examine(context, only=options.only))
    code = checkup_code(checks)
    say(options, partial(render, checks, plan=plan.name, now=clock.now(), exit_code=code))
    return code


def _print_policies(plan: Plan, options: Namespace) -> int:
    """Always JSON: one document of all, or one role's policy just as IAM takes it."""
    text = policies_text(policies_of(plan, _place(plan), declared_permissions()), options.iam)
    say(options, lambda form: text, summary=False)
    return 0


def _place(plan: Plan) -> PlaceOfPlan:
    """From the plan alone if it says account and region, so that a role can be made before there is one to ask as."""
    aws = plan.aws
    region, account = aws.region, aws.account or (aws.assume_role and aws.assume_role.role_arn.split(":")[4])
    if region and account:
        return PlaceOfPlan(_partition(region), region, account)
    identity = connect(connection_of(aws)).identity
    return PlaceOfPlan(identity.partition, identity.region, identity.account)


def _partition(region: str) -> str:
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(prefix):
            return partition
    return "aws"
