"""``prune``: shows what the retention policies of the plan do not keep; with ``--apply``, removes it."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.cli.look_ahead import preview_of, preview_prune
from ddbbackup.cli.output import write_output, write_report
from ddbbackup.cli.session import Session, run_session
from ddbbackup.errors import UsageError
from ddbbackup.model.report import Report
from ddbbackup.report.documents.preview import Preview
from ddbbackup.retention.planning import plan_prune


def run(options: Namespace) -> int:
    _check_options(options)
    if options.apply:
        return write_report(options, run_session(options, lambda session: _remove(session, options)))
    document = run_session(options, lambda session: _show(session, options), estimating=True)
    return write_output(options, document, document.exit_code)


async def _show(session: Session, options: Namespace) -> Preview:
    found = await preview_prune(session.context, only=options.only, confirmed=_is_confirmed(session, options))
    return preview_of(session.context, found, detailed_exit_code=options.detailed_exitcode)


async def _remove(session: Session, options: Namespace) -> Report:
    found = await plan_prune(session.context, only=options.only, confirmed=_is_confirmed(session, options))
    return await session.carry_out(found.steps)


def _is_confirmed(session: Session, options: Namespace) -> bool:
    """Raises ``UsageError`` if the name is not that of the plan."""
    plan = session.plan.name
    if options.confirm not in (None, plan):
        raise UsageError(
            f"--confirm {options.confirm} is not the name of the plan, which is {plan}",
            hint=f"check which plan this is, then pass --confirm {plan}",
        )
    return options.confirm is not None


def _check_options(options: Namespace) -> None:
    """Raises ``UsageError``."""
    if options.apply and options.detailed_exitcode:
        raise UsageError(
            "--detailed-exitcode says whether `prune --apply` would remove anything",
            hint="remove --detailed-exitcode, or --apply",
        )
    forms = {options.output, *(form for form, _ in options.output_files)}
    of_runs = sorted(forms & {"github", "junit"})
    if of_runs and not options.apply:
        raise UsageError(
            f"without --apply there is no run to write as {of_runs[0]}",
            hint="choose one of: text, json, markdown",
        )
