"""``doctor``: checks everything that the plan depends on; ``--iam``: the least IAM policies for the plan."""

from __future__ import annotations

import json
import os
import shlex
from argparse import Namespace
from dataclasses import replace

from ddbbackup.checks.doctor import run_checks
from ddbbackup.cli import logs
from ddbbackup.cli.command_line_restore import restore_name
from ddbbackup.cli.event_loop import run_interruptibly
from ddbbackup.cli.options import DEFAULT_PLAN
from ddbbackup.cli.output import write_json, write_output
from ddbbackup.cli.progress_display import progress_display
from ddbbackup.cli.registries import declared_permissions
from ddbbackup.cli.restore_options import given
from ddbbackup.cli.run_id import choose_run_id
from ddbbackup.cli.session import connect_to, load_plan, open_context
from ddbbackup.cli.streams import say
from ddbbackup.cli.verbs import roles_of_verbs
from ddbbackup.clock import SystemClock
from ddbbackup.errors import UsageError
from ddbbackup.iam import PlaceOfPlan, parse_trust, policies_of
from ddbbackup.iam.sizes import MANAGED_POLICY_CHARACTERS, characters
from ddbbackup.model.arn import Arn
from ddbbackup.model.numbers import counted, grouped
from ddbbackup.model.partitions import partition_of
from ddbbackup.plan.model import Plan
from ddbbackup.report.documents.doctor import doctor_report
from ddbbackup.report.documents.policies import PlanPolicies, plan_policies


def run(options: Namespace) -> int:
    _check_options(options)
    plan = load_plan(options)
    clock = SystemClock()
    run_id = choose_run_id(None, os.environ, clock.now())
    logs.configure_for(options, run=run_id, plan=plan.name)
    if options.iam is not None:
        return _write_policies(options, plan)
    cloud = connect_to(plan)
    with (
        progress_display(options) as display,
        open_context(
            options, plan, cloud, display, run_id=run_id, clock=clock, started_at=clock.now()
        ) as context,
    ):
        checks = run_interruptibly(run_checks(context, only=options.only))
    report = doctor_report(plan.name, checks, now=clock.now())
    return write_output(options, report, report.exit_code)


def _check_options(options: Namespace) -> None:
    """Raises ``UsageError``."""
    forms = {options.output, *(form for form, _ in options.output_files)}
    only_iam = forms & {"terraform", "cloudformation"}
    if options.iam is None and (only_iam or options.trust):
        what = f"--output {min(only_iam)}" if only_iam else "--trust"
        raise UsageError(f"{what} needs --iam", hint="add --iam")
    name = restore_name(options)
    if options.iam is None and name is not None:
        raise UsageError(
            f"{given(options)[0][0].flag} needs --iam: it describes a restore whose policies are printed",
            hint="add --iam restore",
        )
    if options.iam is not None and options.only:
        files = [word for file in options.file if file != DEFAULT_PLAN for word in ("-f", file)]
        command = shlex.join(["ddbbackup", "doctor", *files, "--iam", options.iam])
        raise UsageError(
            "--iam takes no names of tables, because a role is for all tables of the plan: "
            f"{', '.join(options.only)}",
            hint=f"run `{command}`",
        )
    if options.iam is not None and "markdown" in forms:
        raise UsageError(
            "policies have no output form 'markdown'",
            hint="choose one of: text, json, terraform, cloudformation",
        )


def _write_policies(options: Namespace, plan: Plan) -> int:
    """All policies, or those of one role; their sizes and the notes on stderr. Those of a restore alone, if the
    command line describes one.

    One policy of one role is written in the form that IAM accepts, unless another form was requested.
    """
    trusts = [parse_trust(each) for each in options.trust or ()]
    if trusts and plan.aws.assume_role is not None:
        raise UsageError(
            f"--trust: the plan assumes {plan.aws.assume_role.role_arn} with the credentials of another role",
            hint="remove `aws.assume_role`, or write the trust policy of that other role yourself",
        )
    if (name := restore_name(options)) is not None:
        plan = replace(plan, tables=(), restores={name: plan.restores[name]})
    document = plan_policies(
        policies_of(plan, _place(plan), declared_permissions(), roles_of_verbs(), trusts)
    )
    if options.iam != "all":
        document = _only(document, options.iam)
    say(*(_sizes(role, each.characters) for role, each in document.roles.items()))
    say(*(_sizes(arn, tuple(map(characters, each))) for arn, each in document.assumed_roles.items()))
    say(*(f"note: {each}" for each in document.notes))
    only = next(iter(document.roles.values())) if options.iam != "all" else None
    if only is not None and len(only.policies) == 1 and only.trust is None and options.output == "text":
        return write_json(
            options, json.dumps(only.policies[0], indent=2, ensure_ascii=False) + "\n", document
        )
    return write_output(options, document)


def _only(document: PlanPolicies, role: str) -> PlanPolicies:
    if role not in document.roles:
        raise UsageError(
            f"the plan {document.plan} needs no role {role!r}",
            hint=f"choose one of: {', '.join(['all', *document.roles])}",
        )
    return replace(document, roles={role: document.roles[role]}, assumed_roles={}, bucket_policies={})


def _sizes(role: str, sizes: tuple[int, ...]) -> str:
    policies = counted(len(sizes), "policy", "policies")
    listed = " and ".join(grouped(size) for size in sizes)
    return (
        f"{role}: {policies} of {listed} characters; IAM allows {grouped(MANAGED_POLICY_CHARACTERS)} in each"
    )


def _place(plan: Plan) -> PlaceOfPlan:
    """From the plan if it contains account and region: policies are needed before there are credentials."""
    aws = plan.aws
    region, account = aws.region, aws.account
    if account is None and aws.assume_role is not None:
        account = Arn.parse(aws.assume_role.role_arn).account
    if region and account:
        return PlaceOfPlan(partition_of(region), region, account)
    identity = connect_to(plan).identity
    return PlaceOfPlan(identity.partition, identity.region, identity.account)
