"""The plan that ``init --from-account`` writes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import yaml

from ddbbackup.plan.account_plan import FoundTable, FoundTables, account_plan
from ddbbackup.plan.document import Document
from ddbbackup.plan.interpolation import interpolate
from ddbbackup.plan.load import problems_of
from ddbbackup.plan.yaml_reader import parse


def found(tables: Mapping[str, bool | None], **members: object) -> FoundTables:
    listed = tuple(FoundTable(name, recoverable) for name, recoverable in tables.items())
    return FoundTables("123456789012", "eu-west-1", listed, **members)  # type: ignore[arg-type]  # tags, match


def document(text: str) -> Document:
    """The plan as a run reads it. It has no problem."""
    parsed, problems = parse(text, "p.yaml")
    assert parsed is not None
    filled, unset = interpolate(parsed, {})
    assert [*problems, *unset, *problems_of(filled)] == []
    return filled


def test_tables_that_need_a_decision_come_last_with_what_to_do() -> None:
    tables = {"t-a": True, "t-b": None, "t-c": False, "t-d": True}
    text = account_plan(found(tables), bucket="acme-vault", schema_path="plans/ddbbackup.schema.json")
    assert [entry["name"] for entry in document(text).data["tables"]] == ["t-a", "t-d", "t-b", "t-c"]
    assert "  - name: t-c\n    # pitr: enable\n    # method: scan\n" in text
    assert "could not be read whether these tables have point-in-time recovery" in text
    assert text.startswith("# yaml-language-server: $schema=ddbbackup.schema.json\n")
    assert "`ddbbackup schema --output plans/ddbbackup.schema.json`" in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("line", ["pitr: enable", "method: scan"])
def test_a_decision_is_made_by_removing_the_comment_sign(line: str) -> None:
    text = account_plan(found({"t-c": False}), bucket=None, schema_path="s.json").replace(f"# {line}", line)
    assert dict([line.split(": ")]).items() <= document(text).data["tables"][0].items()


def test_names_that_yaml_would_read_otherwise_are_quoted() -> None:
    """AWS allows them as names of tables."""
    names = ("123", "1e3", "null", "true", "0x1f", "-.-", "...", "off", "a-b_c.d")
    text = account_plan(found(dict.fromkeys(names, True)), bucket=None, schema_path="s.json")
    assert [entry["name"] for entry in document(text).data["tables"]] == list(names)
    assert [entry["name"] for entry in yaml.safe_load(text)["tables"]] == list(names), "YAML 1.1"


def test_one_entry_for_tags_or_a_glob() -> None:
    """With what it selects now as the least that it expects, and the tables that need a decision."""
    tables = {f"t{n}": n % 2 == 0 for n in range(100)}
    tags = {"a b": "x$y: #", "env": "prod"}
    text = account_plan(found(tables, tags=tags), bucket=None, schema_path="s.json")
    [entry] = document(text).data["tables"]
    assert entry == {"tags": tags, "expect": {"min": 100}}
    assert "t1, t3, t5" in text
    assert "and 10 more" in text
    text = account_plan(found(tables, match="t*"), bucket=None, schema_path="s.json")
    [entry] = document(text.replace("# pitr: enable", "pitr: enable")).data["tables"]
    assert entry == {"match": "t*", "expect": {"min": 100}, "pitr": "enable"}


def test_a_tag_that_a_reader_would_see_otherwise_is_escaped() -> None:
    """A character that reverses the direction of text is visible, and the plan has the same tag."""
    tags = {"owner\u2066": "\u202eteam \U0001f389 \x7f"}
    text = account_plan(found({"t-a": True}, tags=tags), bucket="acme-vault", schema_path="s.json")
    assert "# 1 table has these tags now." in text
    assert all(each.isprintable() for line in text.splitlines() for each in line)
    assert document(text).data["tables"][0]["tags"] == tags
