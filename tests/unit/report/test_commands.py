"""Commands in hints name the plan that the run was given, so that they can be typed."""

from __future__ import annotations

import pytest

from ddbbackup.cli import options
from ddbbackup.cli.verbs import VERBS
from ddbbackup.report.commands import PLAN_VERBS, typed

WAIT = "run `ddbbackup wait` to complete them"


def test_the_verbs_are_those_that_read_a_plan() -> None:
    reading = {name for name, verb in VERBS.items() if options.plan_files in verb.options}
    assert reading - {"completion"} == PLAN_VERBS


@pytest.mark.parametrize(
    ("files", "text", "expected"),
    [
        ((), WAIT, WAIT),
        (("plans/eu.yaml",), WAIT, "run `ddbbackup wait -f plans/eu.yaml` to complete them"),
        (("a.yaml", "b c.yaml"), "`ddbbackup list`", "`ddbbackup list -f a.yaml -f 'b c.yaml'`"),
        (("-",), WAIT, WAIT),
        (
            ("x.yaml",),
            "`ddbbackup init` or `ddbbackup list --all`",
            "`ddbbackup init` or `ddbbackup list --all -f x.yaml`",
        ),
        (("x.yaml",), "`ddbbackup validate -f y.yaml`", "`ddbbackup validate -f y.yaml`"),
    ],
)
def test_a_command_names_the_files(files: tuple[str, ...], text: str, expected: str) -> None:
    assert typed(text, files) == expected


def test_a_file_whose_name_could_act_on_a_terminal_is_not_named() -> None:
    assert typed("run `ddbbackup list`", ["x\x1b[2J\u202e.yaml"]) == "run `ddbbackup list`"
    assert typed("run `ddbbackup list`", ["base.yaml", "x\n::error::forged"]) == "run `ddbbackup list`"
