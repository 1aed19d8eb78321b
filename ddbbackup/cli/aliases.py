"""Words that people type because other programs have them: they work, or the answer is what to type instead."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Final

from ddbbackup.cli.verbs import VERBS
from ddbbackup.errors import UsageError

VERB_ALIASES: Final[Mapping[str, str]] = {"plan": "preview", "ls": "list"}

MEANT_VERBS: Final[Mapping[str, str]] = {
    "apply": "backup",
    "check": "validate",
    "clean": "prune",
    "compare": "diff",
    "delete": "prune",
    "expire": "prune",
    "export": "backup",
    "forget": "prune",
    "gc": "prune",
    "lint": "validate",
    "recover": "restore",
    "resume": "wait",
    "remove": "prune",
    "rm": "prune",
    "run": "backup",
    "snapshots": "list",
}
"""Verbs of other programs for what a verb does. They do not work: some of them do something else elsewhere."""

_DRY_RUN: Final = frozenset(("--dry-run", "--dryrun", "-n"))
_NOT_OF_PREVIEW: Final[
    Mapping[str, bool]
] = {  # options of `backup`, `restore` and `prune`, and whether they have a value
    "--no-wait": False,
    "--yes": False,
    "-y": False,
    "--adopt": False,
    "--apply": False,
    "--accept-incomplete": False,
    "--timeout": True,
    "--retrieve": True,
    "--confirm": True,
    "--yes-delete": True,
}

MEANT_OPTIONS: Final[Mapping[tuple[str, str], str]] = {
    ("backup", "--all"): "run `ddbbackup backup` without it: it backs up all tables of the plan",
    ("prune", "--force"): "use `--apply` to remove what it shows",
    ("prune", "--yes"): "use `--apply` to remove what it shows",
    ("prune", "-y"): "use `--apply` to remove what it shows",
    ("report", "--html"): "use `-o FILE`: the page is HTML",
    (
        "restore",
        "--force",
    ): "use `--yes` to confirm, or say with `--existing` what happens to items of the target",
    ("restore", "--overwrite"): "use `--existing overwrite`",
}
"""Options of other programs, and what says the same here. They do not work, as ``MEANT_VERBS``."""


def translate(words: Sequence[str]) -> list[str]:
    """The command line in the words of the program. Raises ``UsageError``, which says what to type."""
    first, rest = (words[0], list(words[1:])) if words else ("", [])
    if first == "version":
        return ["--version", *rest]
    if first == "help":
        return [*(VERB_ALIASES.get(word, word) for word in rest[:1]), "--help"]
    verb = VERBS.get(VERB_ALIASES.get(first, first))
    if verb is None:
        return list(words)
    if not _DRY_RUN.isdisjoint(rest):
        raise _no_dry_run(verb.name, rest)
    if verb.name == "preview":  # what follows may be a whole command, before which `preview` was put
        rest = _for_preview(rest)
    if "json" in verb.forms:
        rest = [part for word in rest for part in (("--output", "json") if word == "--json" else (word,))]
    return [verb.name, *rest]


def _no_dry_run(verb: str, words: Sequence[str]) -> UsageError:
    flag = next(word for word in words if word in _DRY_RUN)
    rest = [word for word in words if word not in _DRY_RUN]
    message = f"{verb} has no {flag}"
    if verb in ("backup", "restore"):
        command = shlex.join(["ddbbackup", "preview", verb, *_for_preview(rest)])
        return UsageError(message, hint=f"run `{command}`, which only reads")
    if verb == "prune":
        command = shlex.join(["ddbbackup", verb, *(word for word in rest if word != "--apply")])
        return UsageError(message, hint=f"run `{command}`, which only shows what it would remove")
    return UsageError(message, hint=f"run `ddbbackup {verb}` without {flag}")


def _for_preview(words: Sequence[str]) -> list[str]:
    kept: list[str] = []
    skips = False
    for word in words:
        if skips:
            skips = False
        elif word.split("=")[0] not in _NOT_OF_PREVIEW:
            kept.append(word)
        else:
            skips = _NOT_OF_PREVIEW[word.split("=")[0]] and "=" not in word
    return kept
