"""Writes the document of a verb: to stdout in one form, to files in others, and to the job summary of GitHub."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ddbbackup.cli.verbs import VERBS
from ddbbackup.report.documents.run_report import run_report
from ddbbackup.report.files import require_writable, write_atomically
from ddbbackup.report.renderers import renderer

if TYPE_CHECKING:
    from ddbbackup.model.report import Report
    from ddbbackup.problems import Problem
    from ddbbackup.report.documents import Document
    from ddbbackup.report.documents.failure import Failure
    from ddbbackup.report.renderers import Form

SUMMARY_BYTES: Final = 1 << 20
"""GitHub's limit for one step (GitHub guide: Workflow commands, step isolation and limits)."""


def write_output(options: Namespace, document: Document) -> None:
    """Raises ``Refused`` if a file cannot be written."""
    _print(_render(document, options.output))
    _write_copies(options, document)


def write_report(options: Namespace, report: Report) -> int:
    """Returns the exit code of the run. Raises ``Refused`` if a file cannot be written."""
    write_output(options, run_report(report))
    return report.exit_code


def write_failure(options: Namespace, document: Failure) -> None:
    """As ``write_output``, but the text form stays off stdout: the error handler prints it on stderr.

    Does nothing for verbs without ``--output``. Raises ``Refused`` if a file cannot be written.
    """
    if not VERBS[options.verb].forms:
        return
    if options.output != "text":
        _print(_render(document, options.output))
    _write_copies(options, document)


def write_text(options: Namespace, text: str) -> None:
    """Writes a text that is the same in every form. Raises ``Refused`` if a file cannot be written."""
    _print(text)
    for _, path in options.output_files:
        write_atomically(Path(path), text)


def check_output_files(options: Namespace) -> None:
    """Checks that the files of ``--output`` can be written, before hours of work. Raises ``Refused``."""
    for _, path in options.__dict__.get("output_files", ()):
        require_writable(Path(path))


def _write_copies(options: Namespace, document: Document) -> None:
    if "markdown" in VERBS[options.verb].forms:
        _append_summary(document)
    for form, path in options.output_files:
        write_atomically(Path(path), _render(document, form))


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _render(document: Document, form: Form) -> str:
    if form in ("github", "gitlab"):
        document = _with_repository_paths(document)
    return renderer(form).render(document)


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
    text = _render(document, "markdown").encode()
    if len(text) > SUMMARY_BYTES - 4096:
        cut = text[: SUMMARY_BYTES - 4096].decode(errors="ignore").rpartition("\n")[0]
        text = f"{cut}\n\n… truncated: GitHub limits the size of a summary.\n".encode()
    try:
        with Path(path).open("ab") as file:
            file.write(text + b"\n")
    except OSError as error:
        print(f"ddbbackup: cannot write the job summary {path}: {error.strerror}", file=sys.stderr)


def _relative_to_checkout(problem: Problem) -> Problem:
    root = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or str(Path.cwd())
    relative = os.path.relpath(Path(problem.file).absolute(), root)
    return replace(problem, file=os.path.normpath(problem.file) if relative.startswith("..") else relative)
