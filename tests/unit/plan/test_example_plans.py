"""Plans as files: bad ones with what ``validate`` prints for them, good ones, and the examples of ``configs``.

After a change of wording, run ``DDBBACKUP_UPDATE=1 pytest tests/unit/plan/test_example_plans.py`` and read the diff.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from ddbbackup.plan import check, schema_text
from ddbbackup.plan.document import ValuePath, members
from ddbbackup.plan.interpolation import interpolate
from ddbbackup.plan.restore_from import FromLatest, FromTime, Origin
from ddbbackup.plan.schema_problems import check_schema
from ddbbackup.plan.schemas import schemas_at
from ddbbackup.plan.starter import starter_plan
from ddbbackup.plan.yaml_reader import MAX_BYTES, parse, read
from ddbbackup.problems import ProblemCode
from ddbbackup.report.documents.validate import Validation
from ddbbackup.report.renderers import text

CHECKOUT = Path(__file__).parents[3]
PLANS = CHECKOUT / "tests" / "plans"
BAD = sorted((PLANS / "bad").glob("*.yaml"))
GOOD = [*sorted((PLANS / "good").glob("*.yaml")), *sorted((CHECKOUT / "configs").glob("*.yaml"))]
ENVIRONMENT = {"EXTERNAL_ID": "external", "BACKUP_ACCOUNT": "123456789012", "AWS_REGION": "eu-west-1"}
PUBLISHED = Draft202012Validator(json.loads(schema_text("plan")))


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_plan_has_exactly_these_problems(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, each with its position, its path and a hint."""
    monkeypatch.chdir(path.parent)
    plan, problems = check([path.name], {})
    assert plan is None
    assert all(problem.message and problem.hint and problem.line and problem.column for problem in problems)
    output = text.render(Validation((), problems))
    expected = path.with_suffix(".txt")
    if os.environ.get("DDBBACKUP_UPDATE"):
        expected.write_text(output, encoding="utf-8")
    assert output == expected.read_text(encoding="utf-8")
    assert "hunter2" not in output, "the secret of every plan that has one"


def test_every_kind_of_problem_has_a_bad_plan(tmp_path: Path) -> None:
    """A new kind needs one, so that somebody reads its message before users do."""
    too_large = tmp_path / "too-large.yaml"
    too_large.write_bytes(b"#" * (MAX_BYTES + 1))
    too_many = tmp_path / "too-many-values.yaml"
    too_many.write_text("a: [" + "1," * 60_000 + "]")
    generated = [too_large, too_many, tmp_path, tmp_path / "missing.yaml"]
    codes = {problem.code for path in [*BAD, *generated] for problem in check([path], {})[1]}
    assert codes == set(get_args(ProblemCode))


def test_a_hint_begins_with_a_verb() -> None:
    """An action, not a description: the list grows with the verbs that hints need."""
    verbs = {
        *(
            "add",
            "append",
            "begin",
            "check",
            "choose",
            "correct",
            "create",
            "define",
            "did",
            "flatten",
            "keep",
        ),
        *("raise", "remove", "restore", "save", "set", "split", "swap", "use", "write"),
    }
    hints = {problem.hint for path in BAD for problem in check([path], {})[1]}
    assert {hint for hint in hints if hint.split()[0] not in verbs} == set()


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_plan_has_no_problem(path: Path) -> None:
    """This includes every example in the repository."""
    plan, problems = check([path], ENVIRONMENT)
    assert problems == ()
    assert plan is not None


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_editors_show_a_good_plan_as_valid(path: Path) -> None:
    """Also before its variables are filled in."""
    assert editor_errors(data_of(path)) == []


def test_editors_show_the_plan_of_init_as_valid() -> None:
    """As it is, and with a variable in place of any scalar."""
    document, _ = parse(starter_plan(), "ddbbackup.yaml")
    assert document is not None
    assert editor_errors(document.data) == []
    for place in scalars_of(document.data):
        assert editor_errors(replaced(document.data, place, "${VAR}")) == [], place


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_editors_accept_a_variable_in_place_of_any_scalar(path: Path) -> None:
    """Every scalar of every good plan is replaced in turn."""
    data = data_of(path)
    for place in scalars_of(data):
        if schemas_at(place):  # not below an x- key
            assert editor_errors(replaced(data, place, "${VAR:-default}")) == [], place


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_editors_show_what_the_schema_refuses_in_a_bad_plan(path: Path) -> None:
    """The published schema is as strict as the one that ``validate`` uses, but for what a schema cannot say."""
    document, _ = read(path)
    if document is None:
        return
    filled, unset = interpolate(document, {})
    beyond_json_schema = {"bad-value"} if path.stem == "restore-no-such-day" else set()
    codes = {problem.code for problem in check_schema(filled)}
    if codes - beyond_json_schema and not filled.interpolated and not unset:
        assert editor_errors(document.data)


@pytest.mark.parametrize("text", ["$VAR", "${VAR", "${}", "${VAR-x}", "eu-west-1$"])
def test_editors_refuse_what_is_no_expression(text: str) -> None:
    """The same texts that are a problem for ``validate``."""
    assert editor_errors({"version": 1, "name": "p", "restores": {}, "aws": {"region": text}})


def test_merge_keys_build_the_plan_they_spell() -> None:
    """A mapping's own keys win over those it merges."""
    plan, _ = check([PLANS / "good" / "merge-key.yaml"], {})
    assert plan is not None
    vault, encrypted = plan.destinations["vault"], plan.destinations["encrypted"]
    assert (vault.bucket, vault.prefix, vault.encryption.algorithm) == (
        "acme-vault",
        "own/{table}/",
        "AES256",
    )
    assert (encrypted.bucket, encrypted.prefix) == ("acme-vault", "encrypted/{table}/")
    assert encrypted.encryption.algorithm == "KMS"


def test_extension_keys_change_nothing() -> None:
    """At any depth, except among tags and headers, which are data."""
    plan, _ = check([PLANS / "good" / "extensions.yaml"], {})
    assert plan is not None
    assert list(plan.destinations) == ["vault"]
    assert list(plan.restores) == ["back", "by-tag"]
    assert [notification.name for notification in plan.notifications] == ["ops", "hook"]
    assert plan.aws.endpoint_urls == {}
    assert plan.tables[2].tags == {"x-env": "prod"}
    assert plan.notifications[1].headers == {"x-team": "storage"}


def test_scalars_are_read_by_the_rules_of_yaml_1_2() -> None:
    """`NO`, `off` and `12:30` are strings."""
    plan, _ = check([PLANS / "good" / "yaml-1-2-scalars.yaml"], {})
    assert plan is not None
    assert plan.tables[0].name == "Yes"
    assert plan.tables[1].tags == {"country": "NO", "answer": "off", "at": "12:30", "none": "~none"}


def test_times_of_a_plan_are_instants() -> None:
    """Whatever form they are written in."""
    now = datetime(2026, 11, 24, 10, tzinfo=UTC)
    plan, _ = check([PLANS / "good" / "restore-times.yaml"], {}, now=now)
    assert plan is not None
    times = {
        name: restore.source.time if isinstance(restore.source, FromTime) else None
        for name, restore in plan.restores.items()
    }
    assert times == {
        "instant": datetime(2026, 11, 23, 12, tzinfo=UTC),
        "unquoted": datetime(2026, 11, 23, 14, tzinfo=UTC),
        "date": datetime(2026, 11, 23, tzinfo=UTC),
        "hours-ago": datetime(2026, 11, 24, 8, tzinfo=UTC),
        "region": None,
        "origin": datetime(2026, 11, 23, tzinfo=UTC),
        "backup": None,
    }
    assert plan.restores["region"].source == FromLatest(Origin(region="eu-central-1"))
    assert plan.restores["origin"].origin == Origin("210987654321", "eu-central-1")
    assert plan.restores["origin"].destination == "v"


def data_of(path: Path) -> Any:
    document, problems = read(path)
    assert document is not None
    assert problems == ()
    return document.data


def editor_errors(data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in PUBLISHED.iter_errors(data)]


def scalars_of(value: Any, path: ValuePath = ()) -> list[ValuePath]:
    if isinstance(value, dict | list):
        return [found for key, member in members(value) for found in scalars_of(member, (*path, key))]
    return [path]


def replaced(value: Any, path: ValuePath, new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy
