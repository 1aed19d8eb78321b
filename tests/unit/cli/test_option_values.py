"""What options refuse: the message names the option, the hint what is accepted. Where options and names may stand."""

from __future__ import annotations

import json
import re
import shlex
from argparse import _StoreAction, _SubParsersAction

import pytest

from ddbbackup.cli.aliases import MEANT_OPTIONS
from ddbbackup.cli.commands import completion
from ddbbackup.cli.grammar import grammar, parse
from ddbbackup.cli.item_selection import selected_items
from ddbbackup.cli.restore_options import _assigned, given
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


_SAMPLES = {
    "--since": "7d",
    "--from": "latest",
    "--timeout": "5m",
    "--last": "5",
    "--newest": "5",
    "--yes-delete": "5",
    "--port": "5555",
}


def _options_with_one_value() -> list[tuple[str, str, str]]:
    """With their verb and a value."""
    return [
        (verb, option, str(next(iter(action.choices))) if action.choices else _SAMPLES.get(option, "5"))
        for verb, parser in grammar()[1].items()
        for action in parser._actions
        if isinstance(action, _StoreAction)
        for option in action.option_strings
    ]


@pytest.mark.parametrize(("verb", "option", "value"), _options_with_one_value())
def test_an_option_with_one_value_is_given_once(verb: str, option: str, value: str) -> None:
    """The last one would win in silence: `restore --table orders --table customers` restored one table."""
    with pytest.raises(UsageError, match="is given twice") as raised:
        parse([verb, option, value, option, value])
    assert raised.value.message.split()[0].startswith("-")
    assert raised.value.hint.startswith("keep one `")


def test_the_options_that_are_given_once() -> None:
    found = {(verb, option) for verb, option, _ in _options_with_one_value()}
    assert {("restore", "--table"), ("restore", "--existing"), ("diff", "--to"), ("doctor", "--iam")} <= found
    options = parse(["restore", "--match", "a", "--match", "b", "--drop", "x", "--drop", "y", "-q", "-q"])
    assert options.__dict__["element.match--match"] == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--where a=:c --value :c=x --value :c=y", "--value :c is given twice"),
        ("--where #a=:c --name #a=x --name #a=y --value :c=x", "--name #a is given twice"),
        ("--tag env=prod --tag env=test", "--tag env is given twice"),
        ("--set a=x --set a=y", "--set a is given twice"),
    ],
)
def test_a_name_is_given_one_value(words: str, message: str) -> None:
    """Of options that may be repeated."""
    with pytest.raises(UsageError) as raised:
        _read(["restore", *words.split()])
    assert raised.value.message == message


@pytest.mark.parametrize("words", ["list -o text --output json", "report -o - --output json"])
def test_stdout_has_one_form(words: str) -> None:
    with pytest.raises(UsageError, match="stdout cannot have two forms"):
        parse(words.split())
    assert parse(["list"]).output == "text"
    assert parse(["list", "-o", "json", "-o", "text=copy"]).output == "json"


_BROKEN = '{"N": "1"'
_NO_JSON = "begins with a brace, but is not valid JSON"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", f"price={_BROKEN}"], f"--set price {_NO_JSON}"),
        (["--set", "price={N: 1}"], f"--set price {_NO_JSON}"),
        (["--set", 'price={"N": "abc"}'], "--set price is no attribute value: N needs a number"),
        (["--key", f"id={_BROKEN}"], f"--key id {_NO_JSON}"),
        (["--key", _BROKEN], f"--key {_NO_JSON}"),
        (["--partition", _BROKEN], f"--partition {_NO_JSON}"),
        (["--where", "a = :c", "--value", f":c={_BROKEN}"], f"--value :c {_NO_JSON}"),
    ],
)
def test_what_begins_with_a_brace_is_a_value_in_json(words: list[str], message: str) -> None:
    """A brace that is lost would make a text of a number, in every item. The hint can be typed."""
    with pytest.raises(UsageError) as raised:
        _read(["restore", *words])
    assert raised.value.message == message
    typed = re.search(r"'(\{.*?\})'", raised.value.hint)
    assert typed is not None
    assert isinstance(json.loads(typed[1]), dict)


def test_a_value_with_its_type_is_accepted() -> None:
    values = ['price={"N": "1"}', 'note={"S": "{text"}', "plain=text}"]
    assert _assigned(values) == {"price": {"N": "1"}, "note": {"S": "{text"}, "plain": "text}"}
    only = selected_items(parse(["find", "orders", "--key", 'id={"S": "1"},sort=2']))
    assert only is not None
    assert only.keys == ({"id": {"S": "1"}, "sort": "2"},)


def _read(words: list[str]) -> None:
    """Parses the options, and reads what they say of items and of the restore."""
    options = parse(words)
    selected_items(options)
    for option, value in given(options):
        option.value(value)


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


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("backup -only orders", "use `--only` instead"),
        ("list -last=3", "use `--last` instead"),
        ("restore --table orders --from -2h", "use --from 2h"),
        ("backup --timeout -5m", "use --timeout 5m"),
        ("backup --all", "run `ddbbackup backup` without it"),
        ("prune --yes", "use `--apply`"),
        ("prune --force", "use `--apply`"),
        ("report --html page.html", "use `-o FILE`"),
        ("restore --table orders --overwrite", "use `--existing overwrite`"),
        ("restore --table orders --force", "use `--yes`"),
        ("init prod.yaml", "run `ddbbackup init -f prod.yaml`"),
        ("lint", "use `validate`"),
        ("stat", "use `status`"),
        ("completion sh", "choose one of: bash"),
        ("preview --agianst origin/main", "use `--against`"),
        ("preview plans/prod.yaml", "run `ddbbackup preview -f plans/prod.yaml`"),
        ("report -o markdown", "choose one of text, json, html with --output"),
        ("dump orders -o json", "write --format json, and -o FILE"),
        ("rm", "use `prune`"),
        ("BACKUP", "use `backup`"),
        ("--dry-run backup", "run `ddbbackup preview backup`"),
        ("dump ''", "use a name of 3 to 255"),
        ("find ord* --key id=1", "use a name of 3 to 255"),
        ("find ../../x --key id=1", "use a name of 3 to 255"),
        ("dump a\x1b[31mb", "use a name of 3 to 255"),
    ],
)
def test_what_other_programs_have_is_answered_with_what_to_type(typed: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(shlex.split(typed))
    assert raised.value.hint.startswith(hint)


def test_meant_options_are_of_verbs_that_do_not_have_them() -> None:
    _, parsers = grammar()
    for verb, option in MEANT_OPTIONS:
        assert option not in parsers[verb]._option_string_actions


def test_preview_may_stand_before_a_whole_command() -> None:
    """What confirms or speeds up a run has no effect on its preview."""
    words = "preview restore back --yes --accept-incomplete --retrieve bulk --adopt --yes-delete=5 -f x.yaml"
    assert (parse(words.split()).name, parse(words.split()).file) == ("back", ["x.yaml"])
    assert parse(["preview", "prune", "orders", "--apply", "--confirm", "p"]).only == ("orders",)
    assert parse(["preview", "backup", "--no-wait", "--timeout", "5m", "orders"]).only == ("orders",)


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


def test_a_completion_script_is_of_no_plan() -> None:
    options = parse(["completion", "bash", "-f", "nofile"])
    with pytest.raises(UsageError, match="-f has no effect on a completion script"):
        completion.run(options)
