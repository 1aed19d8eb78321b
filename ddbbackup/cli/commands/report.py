"""``report``: one HTML page with the history, the standing and the cost of every table of one plan or several."""

from __future__ import annotations

from argparse import Namespace
from typing import Final

from ddbbackup.cli.output import check_output_files, plan_files_of, write_output
from ddbbackup.cli.overview import observe_plan
from ddbbackup.cli.plan_globs import WantedTables, read_plans
from ddbbackup.cli.session import Session, prices_of, run_session
from ddbbackup.cli.streams import say
from ddbbackup.clock import SystemClock
from ddbbackup.report.commands import typed
from ddbbackup.report.documents.read_plan import naming
from ddbbackup.report.overview.build import FailedPlan, ObservedPlan, overview

DEFAULT_PAGE: Final = "ddbbackup-report.html"


def run(options: Namespace) -> int:
    if options.output == "text" and not options.output_files:
        options.output_files = [("html", DEFAULT_PAGE)]
        check_output_files(options)
    prices = prices_of(options)
    read = read_plans(options, _read_plan, FailedPlan)
    document = overview(read, prices=prices, now=SystemClock().now())
    exit_code = write_output(options, document, document.exit_code)
    for plan in document.plans:
        several = len(document.plans) > 1
        files = plan.files if several else plan_files_of(options)
        for error in plan.errors:
            said = naming(plan.files, error.message) if several else error.message
            say(f"ddbbackup: {said}", f"hint: {typed(error.hint, files)}")
    if options.output == "text" and exit_code == document.exit_code:
        say(*(f"wrote {path}" for _, path in options.output_files))
    return exit_code


def _read_plan(options: Namespace, wanted: WantedTables) -> ObservedPlan | FailedPlan:
    async def read(session: Session) -> ObservedPlan:
        return await observe_plan(session.context, options.file, wanted)

    return run_session(options, read, estimating=True)
