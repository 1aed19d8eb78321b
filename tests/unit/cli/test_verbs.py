"""The table of verbs agrees with the modules, schemas, documents and pages that it names."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from ddbbackup.cli.commands import (
    backup,
    completion,
    demo,
    diff,
    doctor,
    dump,
    explain,
    find,
    init,
    list_backups,
    preview,
    prune,
    report,
    restore,
    schema,
    show,
    status,
    validate,
    verify,
    wait,
)
from ddbbackup.cli.grammar import parse
from ddbbackup.cli.options import DEFAULT_PLAN, POLICY_ROLES, SCHEMAS
from ddbbackup.cli.verbs import VERBS, Verb, VerbModule, roles_of_verbs
from ddbbackup.exit_codes import EXIT_CODES
from ddbbackup.iam.document import ROLES
from ddbbackup.plan.schemas import plan_schema

CHECKOUT = Path(__file__).parents[3]

MODULES: Final[Mapping[str, VerbModule]] = {  # mypy checks here that each module has `run(options) -> int`
    "init": init,
    "validate": validate,
    "show": show,
    "explain": explain,
    "schema": schema,
    "preview": preview,
    "backup": backup,
    "wait": wait,
    "status": status,
    "list": list_backups,
    "verify": verify,
    "find": find,
    "dump": dump,
    "restore": restore,
    "diff": diff,
    "prune": prune,
    "report": report,
    "doctor": doctor,
    "completion": completion,
    "demo": demo,
}


def verbs() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)


def test_every_verb_has_its_module() -> None:
    """And every module of ``cli/commands`` belongs to a verb."""
    assert {name: verb.load() for name, verb in VERBS.items()} == MODULES
    files = {path.stem for path in Path(str(init.__file__)).parent.glob("*.py")} - {"__init__"}
    assert {verb.module or verb.name for verb in VERBS.values()} == files


@verbs()
def test_the_help_of_a_verb_names_known_exit_codes_and_existing_pages(verb: Verb) -> None:
    """0, usage errors, bugs and signals are possible for every verb."""
    assert set(verb.exit_codes) <= set(EXIT_CODES)
    assert {0, 64, 70, 130, 143} <= set(verb.exit_codes)
    assert list(verb.exit_codes) == sorted(verb.exit_codes)
    assert verb.docs
    for page in verb.docs:
        assert (CHECKOUT / "docs" / page).is_file(), page


def test_every_exit_code_is_the_code_of_a_verb() -> None:
    """None is documented and never used."""
    assert {code for verb in VERBS.values() for code in verb.exit_codes} == set(EXIT_CODES)


@verbs()
def test_the_examples_of_a_verb_can_be_parsed(verb: Verb) -> None:
    """Up to a redirection of the shell."""
    assert verb.examples
    for example in verb.examples:
        words = shlex.split(example.command.partition(" > ")[0])
        assert parse(words).verb == verb.name


@verbs()
def test_a_verb_with_options_for_output_has_a_schema(verb: Verb) -> None:
    """And the other way round."""
    assert bool(verb.forms) == (verb.schema is not None)
    if verb.schema is not None:
        assert {"text", "json"} <= set(verb.forms)
        assert verb.schema in SCHEMAS


def test_the_plan_offers_the_verbs_that_can_notify() -> None:
    """Those that have a role, which `doctor --iam` allows to publish to the plan's topics."""
    notification = plan_schema()["$defs"]["notification"]["properties"]["verbs"]
    notifying = [verb for verb in VERBS.values() if verb.notifies]
    assert set(notification["items"]["enum"]) == {verb.name for verb in notifying}
    assert set(notification["default"]) <= {verb.name for verb in notifying}
    assert {verb.name for verb in notifying} <= set(roles_of_verbs())


def test_verbs_that_write_metrics_are_runs_of_backups() -> None:
    """Metrics are about the newest backup of each table, so only verbs that can complete one write them."""
    assert [verb.name for verb in VERBS.values() if verb.writes_metrics] == ["backup", "wait"]


def test_schema_prints_every_schema() -> None:
    """`schema NAME` accepts each file of ``schemas/``."""
    files = {path.name.removesuffix(".schema.json") for path in (CHECKOUT / "schemas").glob("*.json")}
    assert set(SCHEMAS) == files
    assert len(SCHEMAS) == len(files)


def test_doctor_prints_the_policy_of_every_role() -> None:
    """Besides all of them."""
    assert ("all", *ROLES) == POLICY_ROLES


def test_a_plan_file_is_optional() -> None:
    """The default is ./ddbbackup.yaml."""
    assert parse(["backup"]).file == [DEFAULT_PLAN]
    assert parse(["backup", "-f", "a.yaml", "-f", "b.yaml"]).file == ["a.yaml", "b.yaml"]
