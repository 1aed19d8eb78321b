"""Commands in hints, as they can be typed: with the plan files that this run was given."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Final

PLAN_VERBS: Final = frozenset(
    {
        "backup",
        "diff",
        "doctor",
        "dump",
        "find",
        "list",
        "preview",
        "prune",
        "report",
        "restore",
        "show",
        "status",
        "validate",
        "verify",
        "wait",
    }
)
"""The verbs that read a plan with -f."""

_COMMAND: Final = re.compile(r"`ddbbackup (?P<verb>[a-z]+)(?P<rest>[^`\n]*)`")
_HAS_FILE: Final = re.compile(r" (?:-f|--file)\b")
_STDIN: Final = "-"


def option(flag: str, value: str) -> str:
    """``--only orders``; ``--only=-orders``, because a word that begins with a dash is taken for an option."""
    return f"{flag}={value}" if value.startswith("-") else f"{flag} {value}"


def typed(text: str, files: Sequence[str]) -> str:
    """The text, in which each command that needs the plan names the files.

    Nobody can type the name of stdin, or one with control characters, which could also act on a terminal.
    """
    named = [file for file in files if file != _STDIN and file.isprintable()]
    if not named or len(named) < len(files):
        return text
    given = "".join(f" -f {shlex.quote(file)}" for file in named)

    def add(found: re.Match[str]) -> str:
        if found["verb"] not in PLAN_VERBS or _HAS_FILE.search(found["rest"]):
            return found[0]
        return f"`ddbbackup {found['verb']}{found['rest']}{given}`"

    return _COMMAND.sub(add, text)
