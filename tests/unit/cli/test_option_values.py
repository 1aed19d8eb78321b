"""What options refuse: the message names the option, the hint what is accepted. Where options and names may stand."""

from __future__ import annotations

from argparse import _SubParsersAction

import pytest

from ddbbackup.cli.grammar import grammar, parse
from ddbbackup.errors import UsageError


def _checked_options() -> list[tuple[str, str]]:
    """Every option that checks its value, with its verb."""
    return [
        (verb, action.option_strings[-1])
        for verb, parser in grammar()[1].items()
        for action in parser._actions
        if action.option_strings
        and not isinstance(action, _SubParsersAction)
        and (action.type is not None or action.choices is not None)
    ]


@pytest.mark.parametrize(("verb", "option"), _checked_options())
def test_a_value_that_is_refused_names_its_option(verb: str, option: str) -> None:
    """A command line has many numbers."""
    with pytest.raises(UsageError) as raised:
        parse([verb, f"{option}="])
    if option != "--output":
        assert option in raised.value.message
    assert raised.value.hint.split()[0] in ("use", "name", "choose", "write")


def test_a_number_says_what_is_accepted() -> None:
    with pytest.raises(UsageError) as raised:
        parse(["list", "--last", "many"])
    assert raised.value.message == "--last: 'many' is not such a number"
    assert raised.value.hint == "use a whole number from 1 to 999999"


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("--json status", "ddbbackup status --json"),
        ("-f x.yaml status orders", "ddbbackup status orders -f x.yaml"),
        ("-q preview backup", "ddbbackup preview backup -q"),
        ("--only backup list", "ddbbackup list --only backup"),
        ("--log-format=json ls", "ddbbackup ls --log-format=json"),
    ],
)
def test_options_before_the_verb_are_answered_with_the_command(typed: str, command: str) -> None:
    """It can be copied, and it parses."""
    with pytest.raises(UsageError) as raised:
        parse(typed.split())
    assert raised.value.message == f"options come after the verb: {typed.split(maxsplit=1)[0]}"
    assert raised.value.hint == f"run `{command}`"
    parse(command.split()[1:])


def test_tables_may_follow_options() -> None:
    assert parse(["backup", "a", "-f", "x.yaml", "b*"]).only == ("a", "b*")
    with pytest.raises(UsageError, match=r"unknown argument for ddbbackup backup: --onyl b"):
        parse(["backup", "a", "--onyl", "b"])


def test_preview_takes_what_the_verbs_take() -> None:
    """The tables of `backup` and `prune`, and the name of a restore, before or after options."""
    assert parse(["preview", "backup", "a", "b*", "--only", "c"]).only == ("a", "b*", "c")
    assert parse(["preview", "prune", "-f", "x.yaml", "a"]).only == ("a",)
    for words in (["preview", "restore", "copy"], ["preview", "restore", "-f", "x.yaml", "copy"]):
        assert (parse(words).name, parse(words).only) == ("copy", ())
    with pytest.raises(UsageError) as raised:
        parse(["preview", "restore", "one", "two"])
    assert raised.value.hint.startswith("run `ddbbackup preview restore one`")
    with pytest.raises(UsageError) as raised:
        parse(["preview", "orders"])
    assert "`ddbbackup preview backup orders`" in raised.value.hint
