"""``docs/command-line.md``, from the parser of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from ddbbackup.cli.grammar import VERBS, grammar
from ddbbackup.cli.output_options import FORMS, SCHEMAS
from tools.docs.markdown import header, table


def page() -> str:
    _, verbs = grammar()
    parts = [
        header("The command line", "ddbbackup/cli/grammar.py"),
        """\
`ddbbackup VERB [NAME] [-f FILE]...`. Data goes to stdout, the log to stderr. Options cannot be abbreviated.
`ddbbackup completion bash|zsh|fish` prints a script for shell completion. `NO_COLOR` turns colors off.
""",
    ]
    for name, text in VERBS.items():
        parts.append(f"\n## `{_usage(name, verbs[name])}`\n\n{text[0].upper()}{text[1:]}.\n")
        if rows := [_row(action) for action in _actions(verbs[name])]:
            parts.append("\n" + table(("argument", "meaning"), rows))
        if name in FORMS:
            link = f"[{SCHEMAS[name]}.schema.json](../schemas/{SCHEMAS[name]}.schema.json)"
            parts.append(f"\n`--output json` prints a document that conforms to {link}.\n")
    return "".join(parts)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction) and action.help != argparse.SUPPRESS:
            yield action


def _usage(verb: str, parser: argparse.ArgumentParser) -> str:
    names = [str(action.metavar) for action in _actions(parser) if not action.option_strings]
    return " ".join(["ddbbackup", verb, *names])


def _row(action: argparse.Action) -> tuple[str, str]:
    value = "" if action.nargs == 0 else f" {action.metavar or '|'.join(map(str, action.choices or ()))}"
    names = ", ".join(f"`{name}{value}`" for name in action.option_strings) or f"`{action.metavar}`"
    return names, action.help or ""
