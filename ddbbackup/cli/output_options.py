"""The forms that a verb can answer in, and the options that ask for them: ``--output FORM`` and ``FORM=FILE``."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import Any, Final

from ddbbackup.errors import UsageError

_RUN: Final = ("text", "json", "github", "junit", "markdown")
FORMS: Final[dict[str, tuple[str, ...]]] = {
    "init": ("text", "json"),
    "validate": ("text", "json", "github", "gitlab", "junit", "markdown"),
    "show": ("text", "json"),
    "preview": ("text", "json", "markdown"),
    "backup": _RUN,
    "wait": _RUN,
    "status": ("text", "json", "markdown"),
    "list": ("text", "json"),
    "verify": _RUN,
    "restore": _RUN,
    "doctor": ("text", "json", "markdown"),
    "demo": ("text", "json"),
}
SCHEMAS: Final = {
    "init": "init",
    "validate": "problems",
    "show": "show",
    "preview": "preview",
    "backup": "report",
    "wait": "report",
    "status": "status",
    "list": "list",
    "verify": "report",
    "restore": "report",
    "doctor": "doctor",
    "demo": "demo",
}
"""What ``--output json`` of a verb prints, by the name of its schema; what failed before: ``error``."""


class _Forms(tuple[str, ...]):
    """What a shell may complete; ``FORM=FILE`` is looked at by ``Output``."""

    def __contains__(self, value: object) -> bool:
        return True


class Output(argparse.Action):
    """``--output junit=report.xml --output text``: one form on stdout, any number in files."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        form, is_file, path = str(values).partition("=")
        forms: tuple[str, ...] = self.const
        if form not in forms:
            near = difflib.get_close_matches(form, forms, n=1)
            raise UsageError(
                f"there is no output {form!r} of this verb",
                hint=f"did you mean `{near[0]}`?" if near else f"choose one of: {', '.join(forms)}",
            )
        if not is_file:
            namespace.output = form
        elif path:
            namespace.output_files = [*namespace.output_files, (form, path)]
        else:
            raise UsageError(f"--output {form}= names no file", hint=f"say --output {form}=FILE")


def add_output(parser: argparse.ArgumentParser, verb: str) -> None:
    """Sets ``output``, the form of stdout, and ``output_files``, pairs of form and path."""
    forms = FORMS[verb]
    parser.set_defaults(output_files=[])
    parser.add_argument(
        "--output",
        action=Output,
        const=forms,
        choices=_Forms(forms),
        default="text",
        metavar="FORM[=FILE]",
        help=f"{', '.join(forms)}: the form of what goes to stdout (default text), or with =FILE "
        "of one that is written besides; may be repeated",
    )
