"""The effective plan: every value with the place where it is written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ddbbackup.plan import check, load_with_document
from ddbbackup.plan.effective import Value, effective
from ddbbackup.plan.schemas import schema_text
from ddbbackup.report.documents.show import effective_plan
from ddbbackup.report.renderers import json_documents, text

CHECKOUT = Path(__file__).parents[3]
PLANS = [
    *sorted((CHECKOUT / "tests/plans/good").glob("*.yaml")),
    *sorted((CHECKOUT / "configs").glob("*.yaml")),
]
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
ENVIRONMENT = {"EXTERNAL_ID": "s3cr3t", "BACKUP_ACCOUNT": "123456789012", "AWS_REGION": "eu-west-1"}

BASE = """\
version: 1
name: shop
aws: {assume_role: {role_arn: "arn:aws:iam::123456789012:role/r", external_id: "${EXTERNAL_ID}"}}
destinations:
  vault: {bucket: acme-dev-vault, prefix: "ddb/{table}/"}
defaults:
  rpo: 24h
tables:
  - name: orders
    rpo: 1h
  - match: "billing-*"
"""
OVER = """\
destinations:
  vault:
    bucket: acme-prod-vault
defaults: {pitr: enable}
"""


@pytest.fixture
def values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Value]:
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE, encoding="utf-8")
    Path("prod.yaml").write_text(OVER, encoding="utf-8")
    document, _ = load_with_document(["base.yaml", "prod.yaml"], ENVIRONMENT)
    return {".".join(map(str, value.path)): value for value in effective(document)}


def test_each_value_has_the_file_and_line_that_set_it(values: dict[str, Value]) -> None:
    """The overlay for the values that it replaces, the base for all others."""
    bucket, prefix = values["destinations.vault.bucket"], values["destinations.vault.prefix"]
    assert (bucket.data, *bucket.mark) == ("acme-prod-vault", "prod.yaml", 3, 13)
    assert (prefix.data, *prefix.mark) == ("ddb/{table}/", "base.yaml", 5, 43)


def test_defaults_are_shown_in_the_entries_that_they_apply_to(values: dict[str, Value]) -> None:
    """With their place under `defaults`; a value of the entry itself takes precedence."""
    own, inherited, pitr = values["tables.0.rpo"], values["tables.1.rpo"], values["tables.0.pitr"]
    assert (own.data, own.mark.line, own.by_default) == ("1h", 10, False)
    assert (inherited.data, inherited.mark.line, inherited.by_default) == ("24h", 7, True)
    assert (pitr.data, pitr.mark.file, pitr.by_default) == ("enable", "prod.yaml", True)
    assert not any(path.startswith("defaults") for path in values)


def test_values_from_the_environment_are_not_shown(values: dict[str, Value]) -> None:
    """Every output format has the expression instead."""
    value = values["aws.assume_role.external_id"]
    assert (value.data, value.expression) == (None, "${EXTERNAL_ID}")
    document = effective_plan([], list(values.values()))
    assert "s3cr3t" not in text.render(document) + json_documents.render(document)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_effective_plan_is_equivalent_to_the_plan(path: Path, tmp_path: Path) -> None:
    """Its YAML builds an equal plan; its JSON conforms to the schema of `show`."""
    document, plan = load_with_document([path], ENVIRONMENT, now=NOW)
    shown = effective_plan([str(path)], effective(document))
    again = tmp_path / "again.yaml"
    again.write_text(text.render(shown), encoding="utf-8")
    read, problems = check([again], ENVIRONMENT, now=NOW)
    assert problems == ()
    assert read is not None
    assert replace(read, file=plan.file) == plan
    Draft202012Validator(json.loads(schema_text("show"))).validate(json.loads(json_documents.render(shown)))
