"""The argument parser, built from the table of verbs."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NoReturn

from ddbbackup import __version__
from ddbbackup.cli.aliases import MEANT_OPTIONS, MEANT_VERBS, VERB_ALIASES, translate
from ddbbackup.cli.options import DEFAULT_PLAN, add_output, page_file, table_pattern
from ddbbackup.cli.streams import write_stdout
from ddbbackup.cli.verbs import VERBS, Verb
from ddbbackup.errors import UsageError
from ddbbackup.exit_codes import EXIT_CODES
from ddbbackup.problems import STDIN
from ddbbackup.project_urls import DOCUMENTATION, page_url
from ddbbackup.suggestions import closest, suggest

DESCRIPTION: Final = "Backs up and restores DynamoDB tables from a version-controlled YAML plan."

_ARGUMENT_KINDS: Final = {
    "what": "argument",
    "name": "schema",
}  # in messages, where it is not the name of the field


_SENTENCES: Final = (
    (re.compile(r"argument (\S+): expected one argument"), r"\1 needs a value"),
    (re.compile(r"argument (\S+): ignored explicit argument .*", re.DOTALL), r"\1 accepts no value"),
    (re.compile(r"the following arguments are required: (.+)", re.DOTALL), r"the argument \1 is missing"),
)


_SIGNED_DURATION: Final = re.compile(r"-[0-9]+[a-z]+", re.ASCII)


class _Once(argparse._StoreAction):  # argparse has no public name for what `action="store"` makes
    """An option with one value. A second one would silently replace the first: ``--table orders --table customers``.

    A parser parses one command line, so the action remembers it.
    """

    _was_given = False

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        if self.option_strings and self._was_given:
            option = self.option_strings[-1]
            raise UsageError(f"{option} is given twice", hint=f"keep one `{option}`")
        self._was_given = True
        super().__call__(parser, namespace, values, option_string)


class Parser(argparse.ArgumentParser):
    """Raises ``UsageError`` with a hint instead of exiting. ``documented`` is the verb that it parses, if any."""

    documented: Verb | None = None

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        for name in (None, "store"):
            self.register("action", name, _Once)

    def format_help(self) -> str:
        return super().format_help() + "".join(_tail(self.documented))

    def _print_message(self, message: str, file: object = None) -> None:
        """Help and version go to stdout. argparse would ignore that they cannot be written."""
        write_stdout(message)

    def error(self, message: str) -> NoReturn:
        """Called by argparse, in whose messages an argument is the subject of a note."""
        for pattern, sentence in _SENTENCES:
            message = pattern.sub(sentence, message)
        raise UsageError(message, hint=f"run `{self.prog} --help` to see its arguments")

    def refuse_unknown(self, words: Sequence[str]) -> NoReturn:
        """Names the unknown arguments, and the option that the user probably meant."""
        known = [option for action in self._actions for option in action.option_strings]
        option = next((word for word in words if closest(word.split("=")[0], known)), "").split("=")[0]
        hint = suggest(option, known, otherwise=f"run `{self.prog} --help` to see its arguments")
        raise UsageError(
            f"unknown argument for {self.prog}: {' '.join(words)}", hint=self._meant(words) or hint
        )

    def _meant(self, words: Sequence[str]) -> str | None:
        """What says here what an argument says in other programs."""
        verb = self.documented.name if self.documented is not None else ""
        known = (MEANT_OPTIONS.get((verb, word.split("=")[0])) for word in words)
        if verb == "init" and words[0].endswith((".yaml", ".yml")):
            return f"run `ddbbackup init -f {shlex.quote(words[0])}`"
        return next(filter(None, known), None)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """Names the option, which a function that checks values does not know."""
        try:
            return super()._get_value(action, arg_string)
        except UsageError as error:
            if not action.option_strings:
                raise
            raise UsageError(f"{action.option_strings[-1]}: {error.message}", hint=error.hint) from None

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        kind = _ARGUMENT_KINDS.get(action.dest, action.dest)
        otherwise = f"choose one of: {', '.join(choices)}"
        if action.dest == "what":
            otherwise = f"write backup, restore or prune before it: `ddbbackup preview backup {value}`"
            if str(value).endswith((".yaml", ".yml")):
                otherwise = f"run `ddbbackup preview -f {shlex.quote(str(value))}`"
        meant = MEANT_VERBS.get(str(value)) if action.dest == "verb" else None
        if meant is not None:
            otherwise = f"use `{meant}` instead"
        raise UsageError(
            f"invalid {action.option_strings[-1]} {str(value)!r}"
            if action.option_strings
            else f"unknown {kind} {str(value)!r}",
            hint=otherwise if meant is not None else suggest(str(value), choices, otherwise=otherwise),
        )


class _HelpFormatter(argparse.HelpFormatter):
    """The same text in every version of Python: 3.13 changed how options with two names are printed."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        names = ", ".join(action.option_strings)
        value = "" if action.nargs == 0 else str(action.metavar or "")
        if names and action.nargs == argparse.OPTIONAL:
            value = f"[{value}]"
        return f"{names} {value}".strip()


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Raises ``UsageError``; exits (``SystemExit``) only for ``--help`` and ``--version``."""
    words = translate(sys.argv[1:] if argv is None else argv)
    _refuse_options_before_the_verb(words)
    parser, parsers = grammar(words)
    _refuse_signs(words, parsers)
    try:
        options, unknown = parser.parse_known_args(words)
    except UsageError:
        _refuse_misspelled_options(words, parsers)  # their values are taken for arguments
        raise
    names = options.__dict__.get("tables", options.__dict__.get("previewed"))
    if names is not None and not any(word.startswith("-") for word in unknown):
        names += map(table_pattern, unknown)  # argparse takes no positional arguments after an option
    elif unknown:
        parsers.get(options.verb, parser).refuse_unknown(unknown)
    if options.verb is None:
        raise UsageError("no verb given", hint="run `ddbbackup --help` to see the verbs")
    options.file = options.__dict__.get("file") or [DEFAULT_PLAN]
    if "output" in options.__dict__:
        options.output = options.output or "text"
    if "tables" in options.__dict__:
        options.only = (*options.tables, *options.only)
    if "previewed" in options.__dict__:
        _put_previewed_names(options)
    if [*options.file, *options.__dict__.get("plans", ())].count(STDIN) > 1:
        raise UsageError("stdin is read once, but named several times", hint="give one `-f -`")
    return options


def _refuse_options_before_the_verb(words: Sequence[str]) -> None:
    """Raises ``UsageError`` with the command in the right order. The value of an option may be the name of a verb."""
    if not words or not words[0].startswith("-") or words[0] in ("-h", "--help", "--version"):
        return
    verbs = [number for number, word in enumerate(words) if VERB_ALIASES.get(word, word) in VERBS]
    commands = [[words[n], *words[n + 1 :], *words[:n]] for n in verbs]
    if commands:
        translate(commands[0])  # raises what it is called, if it is none of ours
        command = shlex.join(["ddbbackup", *next(filter(_is_valid, commands), commands[0])])
        raise UsageError(f"options come after the verb: {words[0]}", hint=f"run `{command}`")


def _refuse_signs(words: Sequence[str], parsers: dict[str, Parser]) -> None:
    """`-only` is no `-o`, and `--from -2h` no option. Raises ``UsageError``, which says what to type."""
    own = parsers.get(words[0]) if words else None
    if own is None:
        return
    actions = {option: action for action in own._actions for option in action.option_strings}
    for before, word in pairwise(words):
        if before == "--":
            return
        name = word.split("=")[0]
        if word.startswith("-") and f"-{name}" in actions and name not in actions:
            raise UsageError(f"unknown argument for {own.prog}: {word}", hint=f"use `-{name}` instead")
        takes_value = before in actions and actions[before].nargs is None
        if takes_value and _SIGNED_DURATION.fullmatch(word):
            raise UsageError(f"{before}: {word!r} begins with a sign", hint=f"use {before} {word[1:]}")


def _refuse_misspelled_options(words: Sequence[str], parsers: dict[str, Parser]) -> None:
    own = parsers.get(words[0]) if words else None
    if own is None:
        return
    known = {option: action.nargs for action in own._actions for option in action.option_strings}
    for before, word in pairwise(words):
        if before == "--":
            return
        is_value = before in known and known[before] is None
        if word.startswith("--") and word != "--" and word.split("=")[0] not in known and not is_value:
            own.refuse_unknown([word])


def _is_valid(words: Sequence[str]) -> bool:
    if not {"-h", "--help"}.isdisjoint(words):
        return False  # the help would be printed
    try:
        parse(words)
    except UsageError:
        return False
    return True


def _put_previewed_names(options: argparse.Namespace) -> None:
    """Tables of `backup` and `prune`, or the name of a restore."""
    names: list[str] = options.previewed
    options.name = None
    if options.what != "restore":
        options.only = (*map(table_pattern, names), *options.only)
    elif len(names) > 1:
        raise UsageError(
            f"`preview restore` takes one name, but there are {len(names)}: {', '.join(names)}",
            hint=f"run `ddbbackup preview restore {names[0]}`, or select tables with --table or --match",
        )
    elif names:
        options.name = names[0]


def grammar(words: Sequence[str] | None = None) -> tuple[Parser, dict[str, Parser]]:
    """The parser, and the parser of each verb by its name.

    With ``words``, a command line, only the verbs in it get their options: a run parses one verb.
    """
    parser = Parser(
        prog="ddbbackup",
        usage="ddbbackup VERB [OPTION]...",
        description=DESCRIPTION,
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ddbbackup {__version__}")
    verbs = parser.add_subparsers(
        dest="verb", metavar="VERB", title="verbs", prog="ddbbackup", parser_class=Parser
    )
    parsers = {}
    for verb in VERBS.values():
        own = verbs.add_parser(
            verb.name,
            help=verb.help,
            usage=usage(verb),
            description=verb.description,
            formatter_class=_HelpFormatter,
            allow_abbrev=False,
        )
        own.documented = verb
        if words is None or verb.name in words:
            for add in verb.options:
                add(own)
            if verb.forms:
                add_output(own, verb.forms + verb.other_forms, short=page_file not in verb.options)
        parsers[verb.name] = own
    return parser, parsers


def usage(verb: Verb) -> str:
    return f"ddbbackup {verb.name} [OPTION]... {verb.arguments}".rstrip()


def _tail(verb: Verb | None) -> Iterator[str]:
    """What follows the generated help: examples, exit codes and where the documentation is."""
    if verb is None:
        yield "\nRun `ddbbackup VERB --help` for the options and exit codes of a verb.\n"
        yield f"\ndocumentation:\n{DOCUMENTATION}\n"
        return
    yield "\nexamples:\n"
    for example in verb.examples:
        yield f"  ddbbackup {example.command}\n      {example.does}\n"
    yield "\nexit codes:\n"
    for code in verb.exit_codes:
        yield f"  {code:>3}  {EXIT_CODES[code].means}\n"
    yield "\ndocumentation:\n"
    for page in verb.docs:
        yield f"{page_url(page)}\n"
