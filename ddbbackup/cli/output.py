"""Writes the document of a verb: to stdout in one form, to files in others, and to the job summary of GitHub.

An output that cannot be written does not keep the others from being written.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ddbbackup.cli.options import DEFAULT_PLAN
from ddbbackup.cli.streams import StdoutUnwritable, say, stdout_view, write_stdout
from ddbbackup.cli.verbs import VERBS
from ddbbackup.errors import Refused
from ddbbackup.os_errors import os_reason
from ddbbackup.report.commands import PLAN_VERBS
from ddbbackup.report.documents.run_report import run_report
from ddbbackup.report.files import require_writable, write_atomically
from ddbbackup.report.renderers import render
from ddbbackup.report.renderers.view import PLAIN, View
from ddbbackup.safe_text import escape_json

if TYPE_CHECKING:
    from ddbbackup.model.report import Report
    from ddbbackup.problems import Problem
    from ddbbackup.report.documents import Document
    from ddbbackup.report.documents.failure import Failure
    from ddbbackup.report.renderers import Form

SUMMARY_BYTES: Final = 1 << 20
"""GitHub's limit for one step (GitHub guide: Workflow commands, step isolation and limits)."""
_JSON_FORMS: Final = ("json", "jsonl", "gitlab", "terraform", "cloudformation")


def write_output(options: Namespace, document: Document, exit_code: int = 0) -> int:
    """Returns the exit code of the process: ``exit_code``, but 1 instead of 0 if an output could not be written.

    Says on stderr which one and why. Only a reader that left early (``| head``) is not worth a message, unless it
    misses the report of a run.
    """
    failed = _write_stdout(options, document) | _write_copies(options, document)
    return exit_code or int(failed)


def write_report(options: Namespace, report: Report) -> int:
    """Returns the exit code of the process: that of the run, but 1 instead of 0 if an output could not be written."""
    return write_output(options, run_report(report), report.exit_code)


def write_failure(options: Namespace, document: Failure) -> None:
    """As ``write_output``, but the text form stays off stdout: the error handler prints it on stderr.

    Does nothing for verbs without ``--output``.
    """
    if not VERBS[options.verb].forms:
        return
    if options.output != "text":
        _write_stdout(options, document)
    _write_copies(options, document, told=document.error.message)


def write_json(options: Namespace, text: str, document: Document) -> int:
    """As ``write_output``, with a JSON text on stdout in place of the document."""
    failed = _attempt(partial(write_stdout, escape_json(text), is_json=True)) | _write_copies(
        options, document
    )
    return int(failed)


def plan_files_of(options: Namespace | None) -> tuple[str, ...]:
    """Those that -f named, if the verb reads a plan; none for the default one."""
    if options is None or options.verb not in PLAN_VERBS:
        return ()
    files = tuple(options.__dict__.get("file") or ())
    return () if files == (DEFAULT_PLAN,) else files


def check_output_files(options: Namespace) -> None:
    """Checks that the files of ``--output`` can be written, before hours of work. Raises ``Refused``."""
    for _, path in options.__dict__.get("output_files", ()):
        require_writable(Path(path))


def _write_stdout(options: Namespace, document: Document) -> bool:
    """Whether it failed."""
    view = replace(
        stdout_view(), detail=options.__dict__.get("detail", "normal"), plan_files=plan_files_of(options)
    )
    text = _render(document, options.output, view)
    is_json = options.output in _JSON_FORMS or document.schema == "policies"
    return _attempt(partial(write_stdout, text, is_json=is_json), report=document.schema == "report")


def _write_copies(options: Namespace, document: Document, *, told: str | None = None) -> bool:
    """Whether a file of ``--output`` could not be written. ``told``: an error that was printed already."""
    verb = VERBS[options.verb]
    if "markdown" in verb.forms and document.schema in (verb.schema, "error"):
        _append_summary(document)
    failed = False
    for form, path in options.output_files:
        failed |= _attempt(partial(write_atomically, Path(path), _render(document, form)), told=told)
    return failed


def _attempt(write: Callable[[], None], *, report: bool = False, told: str | None = None) -> bool:
    """Whether ``write`` failed; the error is printed on stderr, unless it is the one that was ``told``."""
    try:
        write()
    except StdoutUnwritable as error:
        if report or not error.reader_left:
            say(f"ddbbackup: {error.message}", f"hint: {error.hint}")
    except Refused as error:
        if error.message != told:
            say(f"ddbbackup: {error.message}", f"hint: {error.hint}")
    else:
        return False
    return True


def _render(document: Document, form: Form, view: View = PLAIN) -> str:
    if form in ("github", "gitlab"):
        document = _with_repository_paths(document)
    return render(document, form, view)


def _with_repository_paths(document: Document) -> Document:
    """Annotations of CI systems need the paths of files from the top of the repository."""
    match document.schema:
        case "problems" | "error":
            return replace(document, problems=tuple(map(_relative_to_checkout, document.problems)))
        case _:
            return document


def _append_summary(document: Document) -> None:
    """Appends Markdown to ``$GITHUB_STEP_SUMMARY``. A summary that cannot be written is only a warning."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    # A character has up to four bytes, but most have one.
    text = _render(document, "markdown", View(characters=SUMMARY_BYTES * 3 // 4)).encode()
    if len(text) > SUMMARY_BYTES - 4096:
        cut = text[: SUMMARY_BYTES - 4096].decode(errors="ignore").rpartition("\n")[0]
        text = f"{cut}\n\n… truncated: GitHub limits the size of a summary.\n".encode()
    try:
        with Path(path).open("ab") as file:
            file.write(text + b"\n")
    except OSError as error:
        say(f"ddbbackup: cannot write the job summary {path}: {os_reason(error)}")


def _relative_to_checkout(problem: Problem) -> Problem:
    root = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or str(Path.cwd())
    relative = os.path.relpath(Path(problem.file).absolute(), root)
    return replace(problem, file=os.path.normpath(problem.file) if relative.startswith("..") else relative)
