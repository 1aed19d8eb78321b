"""What must stay in step with what: events and their schema, kinds of steps and examples, start-up and imports."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import ddbbackup
from ddbbackup import events
from ddbbackup.cli.registries import STEP_KINDS
from ddbbackup.plan.schemas import plan_schema, schema_text
from ddbbackup.restore.methods import RESTORE_METHODS

CHECKOUT = Path(__file__).parents[2]
CODE = Path(ddbbackup.__file__).parent


@pytest.mark.parametrize(
    "words", ["validate", "show", "schema", "completion bash", "init -f new.yaml", "--help"]
)
def test_verbs_that_do_not_call_aws_import_no_boto3(words: str, tmp_path: Path) -> None:
    """Nor other heavy modules: editors and hooks run `validate`, so its start must be fast."""
    plan = "version: 1\nname: p\ndestinations: {v: {bucket: acme-vault}}\ntables: [{name: orders}]\n"
    (tmp_path / "ddbbackup.yaml").write_text(plan, encoding="utf-8")
    code = (
        "import sys; from ddbbackup.cli import main; code = main(sys.argv[1:]); "
        "heavy = ('boto3', 'botocore', 'moto', 'rich', 'http.client', 'structlog', 'xml.etree', 'asyncio'); "
        "print(code, [m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words.split()], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1] == "0 []"


def test_the_schema_of_events_lists_exactly_the_events_of_the_code() -> None:
    """A pipeline may rely on either."""
    schema = json.loads(schema_text("event"))
    assert set(schema["properties"]["event"]["enum"]) == events.ALL
    assert set(schema["properties"]["event"]["x-means"]) == events.ALL, "each says what it means"


def test_every_event_is_logged_by_somebody_through_its_constant() -> None:
    """No event is promised and never sent, none is sent by a literal."""
    sources = {
        path: path.read_text(encoding="utf-8") for path in CODE.rglob("*.py") if path.name != "events.py"
    }
    names = {name for name in vars(events) if name.isupper() and name != "ALL"}
    used = {name for name in names for text in sources.values() if f"events.{name}" in text}
    assert used == names
    literal = re.compile(r'\blog\.(info|warning|error)\(\s*"')
    assert [path.name for path, text in sources.items() if literal.search(text)] == []


def test_only_one_module_prints() -> None:
    """So that a stream that fails is handled in one place, and nothing is printed without being escaped."""
    printing = re.compile(r"\bprint\(|sys\.(stdout|stderr|__std)|print_exc|logging\.basicConfig|rich\.print")
    found = {path for path in CODE.rglob("*.py") if printing.search(path.read_text(encoding="utf-8"))}
    assert {str(path.relative_to(CODE)) for path in found} <= {"cli/streams.py", "sandbox/__main__.py"}


def test_no_logic_is_in_an_assertion() -> None:
    """`python -O` removes assertions."""
    found = {
        path.name
        for path in CODE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    }
    assert found == set()


def test_schemas_are_schemas() -> None:
    """Each by its own meta-schema, with an id of its own."""
    ids = set()
    for path in sorted((CHECKOUT / "schemas").glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        ids.add(schema["$id"])
    assert len(ids) == len(list((CHECKOUT / "schemas").glob("*.json")))


def test_steps_methods_schema_and_examples_go_together() -> None:
    """What the schema offers is built or refused; what is built has an example in configs/."""
    assert set(plan_schema()["$defs"]["restore"]["properties"]["method"]["enum"]) == {
        "auto",
        *RESTORE_METHODS,
    }
    outcome = json.loads(schema_text("report"))["$defs"]["outcome"]
    assert set(outcome["properties"]["kind"]["enum"]) == set(STEP_KINDS)
    examples = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "configs").glob("*.yaml"))
    for method in ("auto", *RESTORE_METHODS):
        assert f"method: {method}\n" in examples
    for existing in ("fail", "overwrite", "keep", "mirror"):
        assert f"existing: {existing}" in examples
    for source in ("s3_uri", "export_arn", "latest"):
        assert source in examples
