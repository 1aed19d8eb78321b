"""``preview [backup | restore NAME]``: what a run would do, and what is in its way. Reads only."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from functools import partial

from ddbbackup.cli.find_restore import find_restore
from ddbbackup.cli.look_ahead import preview_backup, preview_restores
from ddbbackup.cli.output import say
from ddbbackup.cli.session import run_session
from ddbbackup.errors import UsageError
from ddbbackup.report.documents.preview import Preview, preview_code, render
from ddbbackup.steps.context import RunContext


def run(options: Namespace) -> int:
    _refuse_mixtures(options)
    preview = run_session(options, lambda session: _look_ahead(session.context, options), estimating=True)
    code = preview_code(preview, detailed=options.detailed_exitcode)
    say(options, partial(render, preview, exit_code=code))
    return code


async def _look_ahead(context: RunContext, options: Namespace) -> Preview:
    if options.what == "restore":
        return await preview_restores(context, [find_restore(context.plan, options)])
    if options.what == "backup":
        return await preview_backup(context, only=options.only)
    restores = await preview_restores(context, list(context.plan.restores.values()))
    if not context.plan.tables:
        return restores
    return replace(await preview_backup(context, only=options.only), restores=restores.restores)


def _refuse_mixtures(options: Namespace) -> None:
    if (options.what == "restore") != (options.name is not None):
        if options.name is None:
            raise UsageError(
                "preview restore names no restore",
                hint="say `ddbbackup preview restore NAME`, or `preview` for all",
            )
        raise UsageError(f"preview {options.what} takes no name", hint="choose tables with --only GLOB")
    if options.what == "restore" and options.only is not None:
        raise UsageError("--only is about backups", hint="leave it out, or say `ddbbackup preview backup`")
    if options.what != "restore" and options.source is not None:
        raise UsageError(
            "--from is about one restore", hint="say `ddbbackup preview restore NAME --from SOURCE`"
        )
