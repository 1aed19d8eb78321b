"""Plans in an editor: yaml-language-server, which most editors use, with the schema that the program writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.language_server import CHECKOUT, LanguageServer, language_server
from tests.support.program import Program

BAD = sorted((CHECKOUT / "tests" / "plans" / "bad").glob("*.yaml"))
GOOD = sorted((CHECKOUT / "tests" / "plans" / "good").glob("*.yaml"))
EXAMPLES = sorted((CHECKOUT / "configs").glob("*.yaml"))
FIRST_LINE = "# yaml-language-server: $schema=../../../schemas/plan.schema.json\n"

NOT_A_PLAN = {"empty", "only-comment", "two-documents"}
"""The server checks documents that hold something, each of a file by itself."""
NOT_YAML_ENOUGH = {"alias-loop", "merge-key-scalar"}
"""The server reads these as if they meant something."""
BETWEEN_KEYS = {
    *("destination-ambiguous", "destination-unknown", "entry-exclude-without-match", "expect-min-over-max"),
    *(
        "kms-with-aes",
        "kms-without-algorithm",
        "methods",
        "notification-ping-when",
        "restore-exclude-with-table",
    ),
    *("restore-from-owner-without-uri", "restore-many-from-a-backup", "restore-many-from-an-export"),
    *("restore-many-into-one", "restore-schema-only-with-items", "restore-unknown-table", "roles"),
    *("snapshot-restore-of-an-export", "snapshot-with-pitr", "table-twice"),
}
"""Each value is right by itself; the rules of ``validate`` say what does not fit together."""
IN_A_TEXT = {
    *("expect-max-zero", "full-every-too-short", "prefix-open-brace", "prefix-unknown-field"),
    *("restore-no-such-day", "restore-to-name-bad", "restore-to-unknown-field"),
}
"""What is wrong is inside of a value, and a pattern would say it in no readable words."""
SECRETS = {
    *("metrics-pushgateway-password", "notification-header-literal", "notification-header-lowercase"),
    *("notification-ping-literal", "notification-slack-default", "notification-slack-literal"),
    "notification-url-password",
}
"""Written in the plan instead of the environment."""
IN_THE_ENVIRONMENT = {
    *("notification-unset-variable", "variable-in-from", "variable-not-a-number", "variable-required"),
    "variable-unset",
}
"""An editor does not know the variables of the run."""
UNMARKED = NOT_A_PLAN | NOT_YAML_ENOUGH | BETWEEN_KEYS | IN_A_TEXT | SECRETS | IN_THE_ENVIRONMENT


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    with language_server(CHECKOUT) as running:
        yield running


def named(found: dict[Path, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """The messages of the documents that have any."""
    return {path.stem: [each["message"] for each in many] for path, many in found.items() if many}


def test_an_editor_accepts_every_example(server: LanguageServer) -> None:
    """By the schema that their first lines name; the good plans of the tests too."""
    examples = {path: path.read_text(encoding="utf-8") for path in EXAMPLES}
    assert all(text.startswith("# yaml-language-server: $schema=") for text in examples.values())
    good = {path: FIRST_LINE + path.read_text(encoding="utf-8") for path in GOOD}
    assert named(server.diagnostics(examples | good)) == {}


def test_an_editor_marks_bad_plans(server: LanguageServer) -> None:
    """All but those that a schema cannot know; whoever makes the schema stricter takes their names from the lists."""
    texts = {path: FIRST_LINE + path.read_bytes().decode(errors="replace") for path in BAD}
    marked = named(server.diagnostics(texts))
    assert {path.stem for path in BAD} - marked.keys() == UNMARKED


def test_the_plan_of_init_is_accepted_offline(program: Program) -> None:
    """With the schema that `ddbbackup schema --output` writes beside it. The schema is really used: a typo is marked,
    and the keys of a plan are completed.
    """
    (program.directory / "plans").mkdir()
    assert program.run("init", "-f", "plans/prod.yaml").code == 0
    written = program.run("schema", "--output", "plans/ddbbackup.schema.json")
    assert (written.code, written.out, written.err) == (0, "", "")
    plan = program.directory / "plans" / "prod.yaml"
    text = plan.read_text(encoding="utf-8")
    typo = plan.with_name("typo.yaml")
    with language_server(program.directory) as server:
        found = server.diagnostics({plan: text + "\n", typo: text.replace("rpo: 24h", "rpo: 24 hours")})
        offered = server.completions(plan, text.count("\n"), 0)
    assert found[plan] == []
    [problem] = found[typo]
    line = problem["range"]["start"]["line"]
    assert "rpo: 24h" in text.splitlines()[line]
    assert {"notifications", "metrics", "export_time"} <= set(offered)


def test_a_schema_that_is_not_there_is_said(program: Program) -> None:
    """So that nobody believes that the plan is checked."""
    assert program.run("init").code == 0
    plan = program.directory / "ddbbackup.yaml"
    with language_server(program.directory) as server:
        found = server.diagnostics({plan: plan.read_text(encoding="utf-8")})
    [problem] = found[plan]
    assert "ddbbackup.schema.json" in problem["message"]
