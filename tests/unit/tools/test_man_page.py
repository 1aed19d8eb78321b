"""The manual page is complete, is read by ``man`` without a warning, and is what the package ships."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from ddbbackup.cli.grammar import grammar
from ddbbackup.exit_codes import EXIT_CODES
from tools.docs import environment, man_page
from tools.docs.command_line import visible_actions

CHECKOUT = Path(__file__).parents[3]
PAGE = CHECKOUT / "docs" / "ddbbackup.1"


def rendered() -> str:
    """Without the escapes of roff."""
    text = man_page.page()
    for escape, character in {
        r"\fB": "",
        r"\fI": "",
        r"\fP": "",
        r"\-": "-",
        r"\(ti": "~",
        r"\(ha": "^",
        r"\(aq": "'",
        r"\(ga": "`",
        r"\&": "",
        r"\e": "\\",
    }.items():
        text = text.replace(escape, character)
    return text


def test_nothing_is_left_out() -> None:
    """Every verb with every option, every exit code and every environment variable."""
    text = rendered()
    for name, parser in grammar()[1].items():
        (section,) = re.findall(rf"^\.SS ddbbackup {name} (.*?)(?=^\.S[SH] )", text, re.MULTILINE | re.DOTALL)
        for action in visible_actions(parser):
            for option in action.option_strings:
                assert re.search(rf"^(.*, )?{option}\b", section, re.MULTILINE), (name, option)
    for code in EXIT_CODES:
        assert f"\n.TP\n{code}\n" in text
    for variables in environment.SECTIONS.values():
        for variable in variables:
            assert f"\n.TP\n{', '.join(variable.names)}\n" in text


def test_no_line_of_text_is_taken_for_a_request() -> None:
    """A line that begins with a dot or an apostrophe is a request, and one that roff does not know is dropped."""
    known = {"TH", "SH", "SS", "PP", "TP", "EX", "EE", '\\"'}
    requests = [line for line in man_page.page().splitlines() if line.startswith((".", "'"))]
    assert [line for line in requests if line[1:].split(" ")[0] not in known] == []


@pytest.mark.parametrize(
    "command",
    [
        ("groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-z"),
        ("mandoc", "-T", "lint", "-W", "warning"),
    ],
    ids=lambda command: command[0],
)
def test_it_is_read_without_a_warning(command: tuple[str, ...]) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed here")
    done = subprocess.run([*command, str(PAGE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_build_has_what_the_package_ships() -> None:
    """The sdist and the image are built without the rest of the checkout."""
    targets = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    shipped = [*targets["wheel"]["shared-data"], *targets["wheel"]["force-include"]]
    dockerfile = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    ignored = (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for path in shipped:
        parts = {path, *map(str, Path(path).parents)} - {"."}
        assert {f"/{part}" for part in parts} & set(targets["sdist"]["include"]), path
        assert parts & set(re.findall(r"^COPY (\S+) \S+$", dockerfile, re.MULTILINE)), path
        assert parts & {line.removeprefix("!") for line in ignored if line.startswith("!")}, path
