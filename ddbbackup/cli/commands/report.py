"""``report``: one HTML page with the history, the standing and the cost of every table of the plan."""

from __future__ import annotations

from argparse import Namespace
from typing import Final

from ddbbackup.cli.output import check_output_files, write_output
from ddbbackup.cli.overview import read_overview
from ddbbackup.cli.session import Session, run_session
from ddbbackup.cli.streams import say
from ddbbackup.report.documents.overview import Overview

DEFAULT_PAGE: Final = "ddbbackup-report.html"


def run(options: Namespace) -> int:
    if options.output == "text" and not options.output_files:
        options.output_files = [("html", DEFAULT_PAGE)]
        check_output_files(options)

    async def read(session: Session) -> Overview:
        return await read_overview(session.context, only=options.only)

    document = run_session(options, read, estimating=True)
    exit_code = write_output(options, document, document.exit_code)
    # Of a bucket that cannot be read, each table has the same error.
    for message, hint in dict.fromkeys((error.message, error.hint) for error in document.errors):
        say(f"ddbbackup: {message}", f"hint: {hint}")
    if options.output == "text" and exit_code == document.exit_code:
        say(*(f"wrote {path}" for _, path in options.output_files))
    return exit_code
