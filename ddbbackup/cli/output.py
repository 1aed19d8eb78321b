"""What a verb has to say: on stdout in one form, in files in others, and in the job's summary."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.errors import DdbBackupError
from ddbbackup.report.files import require_writable, write_whole

if TYPE_CHECKING:
    from ddbbackup.model.report import Report
    from ddbbackup.problems import Problem

SUMMARY_BYTES: Final = (
    1 << 20
)  # what GitHub takes a step (GitHub guide: Workflow commands, step isolation and limits)


def say(options: Namespace, render: Callable[[str], str], *, summary: bool = True) -> None:
    """``render`` makes a form's text. Raises ``Refused`` if a file cannot be written.

    ``summary``: append the Markdown form to the file that ``$GITHUB_STEP_SUMMARY`` names, if it is set.
    """
    sys.stdout.write(render(options.output))
    sys.stdout.flush()
    if summary:
        append_summary(render)
    for form, path in options.output_files:
        write_whole(Path(path), render(form))


def check_files(options: Namespace) -> None:
    """Before hours of work whose report could not be written. Raises ``Refused``."""
    for _, path in options.output_files:
        require_writable(Path(path))


def print_report(report: Report, options: Namespace) -> int:
    """Returns the report's exit code."""
    say(options, lambda form: str(form_of(form).outcomes(report)))
    return report.exit_code


def print_problems(problems: Sequence[Problem], options: Namespace, said: str) -> None:
    """``said``: the text form."""

    def render(form: str) -> str:
        seen = _from_the_repository(problems) if form in ("github", "gitlab") else problems
        return said if form == "text" else str(form_of(form).problems(seen))

    say(options, render)


def print_failure(error: DdbBackupError, options: Namespace) -> None:
    """For machines: text goes to stderr, and only the caller's handler writes that."""
    from ddbbackup.errors import PlanInvalid  # noqa: PLC0415 - only failures need it

    if isinstance(error, PlanInvalid):
        error.problems = tuple(_from_the_repository(error.problems))

    def render(form: str) -> str:
        return "" if form in ("text", "gitlab") else str(form_of(form).failure(error))

    say(options, render)


_MODULES: Final = {"json": "json_documents"}


def form_of(form: str) -> Any:
    """The module of ``report`` that makes this form."""
    return import_module(f"ddbbackup.report.renderers.{_MODULES.get(form, form)}")


def append_summary(render: Callable[[str], str]) -> None:
    """A summary that cannot be written is said on stderr and changes nothing else."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    text = render("markdown").encode()
    if len(text) > SUMMARY_BYTES - 4096:
        cut = text[: SUMMARY_BYTES - 4096].decode(errors="ignore").rpartition("\n")[0]
        text = f"{cut}\n\n… and more: GitHub takes no longer summaries.\n".encode()
    try:
        with Path(path).open("ab") as file:
            file.write(text + b"\n")
    except OSError as error:
        print(f"ddbbackup: the step summary {path} cannot be written: {error.strerror}", file=sys.stderr)


def _from_the_repository(problems: Sequence[Problem]) -> list[Problem]:
    """With files as the CI system names them: relative to the checkout, wherever the job works."""
    root = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or str(Path.cwd())

    def seen(file: str) -> str:
        relative = os.path.relpath(Path(file).absolute(), root)
        return os.path.normpath(file) if relative.startswith("..") else relative

    return [replace(problem, file=seen(problem.file)) for problem in problems]
