"""``preview [backup | restore NAME | prune]``: what a run would do, what blocks it and what it costs. Only reads."""

from __future__ import annotations

import os
from argparse import Namespace
from dataclasses import replace

from ddbbackup.cli.command_line_restore import restore_name
from ddbbackup.cli.find_restore import find_restore
from ddbbackup.cli.look_ahead import (
    LookAhead,
    preview_backup,
    preview_of,
    preview_prune,
    preview_restores,
)
from ddbbackup.cli.option_words import OptionWords
from ddbbackup.cli.output import write_output
from ddbbackup.cli.plan_changes import compare_with_reference
from ddbbackup.cli.plan_reference import Reference, load_reference
from ddbbackup.cli.restore_options import given
from ddbbackup.cli.session import Session, run_session
from ddbbackup.errors import UsageError
from ddbbackup.model.assessment import AnyAssessment
from ddbbackup.plan.selection import Inventory
from ddbbackup.report.documents.preview import Preview
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.inventory import take_inventory


def run(options: Namespace) -> int:
    _check_arguments(options)

    async def look(session: Session) -> Preview:
        found = await _look_ahead(session, options)
        return preview_of(session.context, found, detailed_exit_code=options.detailed_exitcode)

    document = run_session(options, look, estimating=True)
    return write_output(options, document, document.exit_code)


async def _look_ahead(session: Session, options: Namespace) -> LookAhead:
    context = session.context
    if options.what == "restore":
        found = await preview_restores(context, [find_restore(context.plan, options)])
        return replace(found, restores=tuple(_in_words(each, session.words) for each in found.restores))
    if options.what == "prune":
        return await preview_prune(context, only=options.only)
    if options.against is not None:
        return await _look_at_changes(session, options)
    return await _backups_and_restores(context, options)


def _in_words(assessment: AnyAssessment, words: OptionWords) -> AnyAssessment:
    for blocker in assessment.blockers:
        words.say(blocker.error)
    return replace(
        assessment, notes=words.document(assessment.notes), facts=words.document(dict(assessment.facts))
    )


async def _look_at_changes(session: Session, options: Namespace) -> LookAhead:
    """What the run would do, and what the plan changes. The other plan is read first: it may not exist."""
    context = session.context
    reference = load_reference(options.against, options.file, os.environ, now=context.clock.now())
    if reference.problems:  # of a commit: the change may be what repairs its plan
        found = await _backups_and_restores(context, options)
        return replace(found, notes=(*found.notes, _not_compared(reference)))
    others = [reference.plan] if reference.plan is not None else []
    inventory = await take_inventory(context, only=options.only, others=others)
    found = await _backups_and_restores(context, options, inventory)
    changes = await compare_with_reference(context, session.document, reference, inventory, only=options.only)
    return replace(found, against=changes)


def _not_compared(reference: Reference) -> str:
    first = reference.problems[0]
    return (
        f"the plan is not compared with that of {reference.name}, which is invalid: "
        f"{first.file}:{first.line}:{first.column}: {first.message}"
    )


async def _backups_and_restores(
    context: RunContext, options: Namespace, inventory: Inventory | None = None
) -> LookAhead:
    if options.what == "backup":
        return await preview_backup(context, only=options.only, inventory=inventory)
    restores = await preview_restores(context, list(context.plan.restores.values()))
    if not context.plan.tables:
        return restores
    backups = await preview_backup(context, only=options.only, inventory=inventory)
    return replace(backups, restores=restores.restores)


def _check_arguments(options: Namespace) -> None:
    if options.what == "restore" and restore_name(options) is None:
        raise UsageError(
            "preview restore needs the name of a restore, or tables",
            hint="run `ddbbackup preview restore NAME` or `--table TABLE`, or `ddbbackup preview` for the whole plan",
        )
    if options.what in ("restore", "prune") and options.against is not None:
        raise UsageError(
            f"--against compares plans, which `preview {options.what}` does not",
            hint="run `ddbbackup preview --against` for the whole plan",
        )
    if options.what == "restore" and options.only:
        raise UsageError("--only selects tables to back up", hint="remove --only")
    if options.what != "restore" and options.source is not None:
        raise UsageError(
            "--from applies to one restore", hint="run `ddbbackup preview restore NAME --from SOURCE`"
        )
    if options.what != "restore" and (of_restores := given(options)):
        flag = of_restores[0][0].flag
        raise UsageError(f"{flag} applies to one restore", hint="run `ddbbackup preview restore` with it")
