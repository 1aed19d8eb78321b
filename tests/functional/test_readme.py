"""The README is correct: its plan and its commands. So are the links of all pages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from ddbbackup.sandbox.moto_exports import MotoExports
from tests.support.aws import Aws
from tests.support.program import Program

CHECKOUT = Path(__file__).parents[2]
OTHER_PAGES = (CHECKOUT / "ddbbackup/sandbox/README.md", CHECKOUT / "tests/live/README.md")
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_commands_of_the_readme_do_what_it_says(
    sandbox: Aws, program: Program, exports: MotoExports
) -> None:
    """In their order, with the plan of the README, against the sandbox."""
    (plan,) = blocks("yaml")
    program.plan(plan)
    sandbox.create_bucket("acme-ddb-vault")
    sandbox.create_table("orders")
    sandbox.put("orders", {"id": {"S": "1"}})
    commands = [
        line for block in blocks("sh") for line in block.splitlines() if line.startswith("ddbbackup ")
    ]
    verbs = [command.split()[1] for command in commands]
    assert verbs == ["validate", "preview", "backup", "status", "restore", "diff", "restore"]
    for command in commands:
        if "--existing keep" in command:
            sandbox.dynamodb.delete_item(TableName="orders", Key={"id": {"S": "1"}})
        answer = ["--yes"] if " restore " in command else []  # on a terminal, it asks
        done = program.run(*shlex.split(command)[1:], *answer, AWS_ENDPOINT_URL=sandbox.url)
        assert done.code == 0, (command, done.out, done.err)
    for table in ("orders-restored", "orders"):
        assert sandbox.items(table) == [{"id": {"S": "1"}}]


def test_it_is_read_in_two_minutes() -> None:
    """About a hundred lines. What needs more belongs into the documentation, which it links to."""
    assert len(README.splitlines()) <= 110


def test_make_targets_exist_and_links_lead_somewhere() -> None:
    """In every page that people write or read, also of the sandbox and of the live suite."""
    parts = [CHECKOUT / "Makefile", CHECKOUT / "tests" / "benchmarks" / "bench.mk"]
    makefile = "".join(part.read_text(encoding="utf-8") for part in parts)
    for document in [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md"), *OTHER_PAGES]:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), (document.name, target)
        for link in re.findall(r"\]\(([^)]+)\)", text):
            path, _, anchor = link.partition("#")
            if path.startswith("http"):
                continue
            found = document.parent / path if path else document
            assert found.exists(), (document.name, link)
            if anchor:
                assert anchor in _anchors(found.read_text(encoding="utf-8")), (document.name, link)


def _anchors(text: str) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}
