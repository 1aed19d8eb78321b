"""What ``init`` and ``validate`` print, and the error that ended any other verb."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ddbbackup.report.formatting import counted
from ddbbackup.report.renderers.text.style import hint, paint
from ddbbackup.report.table_names import names

if TYPE_CHECKING:
    from ddbbackup.problems import Problem
    from ddbbackup.report.documents.failure import Failure
    from ddbbackup.report.documents.init import NewPlan
    from ddbbackup.report.documents.validate import Validation
    from ddbbackup.report.renderers.view import View

_NAMES_AT_MOST: Final = 10


def new_plan(document: NewPlan) -> str:
    file = shlex.quote(document.file)
    if document.tables is None:
        return f"wrote {document.file}: set the bucket and your tables, then run `ddbbackup validate -f {file}`\n"
    place = f"account {document.account}, region {document.region}"
    text = f"wrote {document.file}: {counted(document.tables, 'table')} of {place}\n"
    if document.without_recovery:
        text += (
            f"{counted(len(document.without_recovery), 'table')} without point-in-time recovery, which exports need: "
            f"{names(document.without_recovery, _NAMES_AT_MOST)}; comments in the plan say what to do\n"
        )
    first = "" if document.bucket is not None else "set the bucket, then "
    return f"{text}next: {first}run `ddbbackup preview -f {file}`\n"


def validation(document: Validation, view: View) -> str:
    text = _problems(document.problems, view)
    for plan in document.plans:
        if plan.valid and view.detail != "quiet":
            entries = counted(plan.table_entries or 0, "table entry", "table entries")
            restores = counted(plan.restores or 0, "restore")
            text += f"{', '.join(plan.files)}: {paint('valid', 'ok', view)}; {entries}, {restores}\n"
    return text


def failure(document: Failure, view: View) -> str:
    error = document.error
    problems = _problems(document.problems, view)
    return f"{problems}{paint(f'ddbbackup: {error.message}', 'error', view)}\n{hint(error.hint, view)}\n"


def _problems(problems: Sequence[Problem], view: View) -> str:
    """Two lines for each problem: the place and the message, then the hint."""
    text = ""
    for problem in problems:
        path = f" {problem.path}:" if problem.path else ""
        message = paint(problem.message, "error", view)
        text += f"{problem.file}:{problem.line}:{problem.column}:{path} {message}\n"
        text += f"  {hint(problem.hint, view)}\n"
    return text
