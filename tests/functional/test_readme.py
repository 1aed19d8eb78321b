"""What the README shows is what happens: its plan, its commands, its tables."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from ddbbackup.cli.grammar import VERBS, parse
from ddbbackup.exit_codes import EXIT_CODES
from ddbbackup.sandbox.moto_exports import MotoExports
from tests.support.aws import Aws
from tests.support.program import Program

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_commands_of_the_readme_do_what_it_says(
    sandbox: Aws, program: Program, exports: MotoExports
) -> None:
    """In their order, with the plan as it stands there, on the sandbox in AWS's place."""
    (plan,) = blocks("yaml")
    program.plan(plan)
    sandbox.create_bucket("acme-ddb-vault")
    sandbox.create_table("orders")
    sandbox.put("orders", {"id": {"S": "1"}})
    commands = [
        line for block in blocks("sh") for line in block.splitlines() if line.startswith("ddbbackup ")
    ]
    assert [command.split()[1] for command in commands] == ["validate", "backup", "status", "restore"]
    for command in commands:
        done = program.run(*shlex.split(command)[1:], AWS_ENDPOINT_URL=sandbox.url)
        assert done.code == 0, (command, done.out, done.err)
    assert sandbox.items("orders-restored") == [{"id": {"S": "1"}}]


def test_its_make_targets_exist_and_its_links_lead_somewhere() -> None:
    """Also those of the documents that it leads to."""
    parts = [CHECKOUT / "Makefile", CHECKOUT / "tests" / "benchmarks" / "bench.mk"]
    makefile = "".join(part.read_text(encoding="utf-8") for part in parts)
    for target in re.findall(r"\bmake ([a-z-]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for document in [CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            if not link.startswith("http"):
                assert (document.parent / link).exists(), (document.name, link)


def test_its_table_of_verbs_is_the_programs() -> None:
    """Every verb in the table can be parsed, and no verb is missing from it."""
    listed = re.findall(r"^\| `([a-z]+)(?: [A-Z]+)?` \|", README, re.MULTILINE)
    for verb in listed:
        argument = {"restore": ["x"], "completion": ["bash"]}.get(verb, [])
        assert parse([verb, *argument]).verb == verb
    assert set(VERBS) == set(listed)


def test_its_exit_codes_are_the_programs() -> None:
    """With the same words as `docs/exit-codes.md` is made from."""
    for code, each in EXIT_CODES.items():
        means = "interrupted, terminated" if code in (130, 143) else each.means
        assert re.search(rf"^\| (130, )?{code}(, 143)? \| {re.escape(means)} \|$", README, re.MULTILINE), code
