"""``docs/command-line.md``, from the table of verbs and the parser that is built from it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from ddbbackup.cli.grammar import grammar, usage
from ddbbackup.cli.verbs import VERBS, Verb
from tools.docs.markdown import header, table


def page() -> str:
    _, verbs = grammar()
    parts = [
        header("The command line", "ddbbackup/cli/verbs.py"),
        """\
`ddbbackup VERB [NAME] [-f FILE]...`. Data goes to stdout, the log to stderr. Options cannot be abbreviated.
`ddbbackup completion bash|zsh|fish` prints a script for shell completion. The package brings a manual page with the
same text, `man ddbbackup`. See also [environment variables](environment.md).

The role is the one of [permissions](permissions.md) that a verb needs. Verbs without one do not call AWS, except for
`init --from-account`, which lists and describes tables.
""",
    ]
    overview = [
        (f"[`{verb.name}`](#{_anchor(verb)})", verb.help, verb.role or "–") for verb in VERBS.values()
    ]
    parts.append("\n" + table(("verb", "does", "role"), overview))
    for verb in VERBS.values():
        parts.append(f"\n## `{usage(verb)}`\n\n{verb.description}\n")
        if rows := [_row(action) for action in visible_actions(verbs[verb.name])]:
            parts.append("\n" + table(("argument", "meaning"), rows))
        examples = (f"ddbbackup {example.command}  # {example.does}\n" for example in verb.examples)
        parts.append(f"\n```sh\n{''.join(examples)}```\n")
        codes = ", ".join(map(str, verb.exit_codes))
        parts.append(f"\n[Exit codes](exit-codes.md): {codes}.\n")
        if verb.schema is not None:
            link = f"[{verb.schema}.schema.json](../schemas/{verb.schema}.schema.json)"
            parts.append(f"`--output json` prints a document that conforms to {link}.\n")
    return "".join(parts)


def _anchor(verb: Verb) -> str:
    """Of the heading of the verb, as GitHub makes it."""
    return re.sub(r"[^a-z0-9 _-]", "", usage(verb).lower()).replace(" ", "-")


def visible_actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction) and action.help != argparse.SUPPRESS:
            yield action


def _row(action: argparse.Action) -> tuple[str, str]:
    value = "" if action.nargs == 0 else f" {action.metavar or '|'.join(map(str, action.choices or ()))}"
    names = ", ".join(f"`{name}{value}`" for name in action.option_strings) or f"`{action.metavar}`"
    return names, action.help or ""
