"""``show``, by running the program."""

from __future__ import annotations

import json

from tests.support.program import Program

BASE = "version: 1\nname: shop\ndestinations: {v: {bucket: '${BUCKET}'}}\ntables: [{name: orders}]\n"


def test_show_prints_the_plan_of_several_files_and_no_secret(program: Program) -> None:
    """As YAML with the places beside the values, and as JSON with the same ones."""
    program.plan(BASE)
    program.plan("aws: {region: eu-west-1}\n", "prod.yaml")
    arguments = ("show", "-f", "ddbbackup.yaml", "-f", "prod.yaml")

    done = program.run(*arguments, BUCKET="acme-secret-vault")

    assert done.code == 0, done.err
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "region: eu-west-1 # prod.yaml:1" in lines
    assert "bucket: ${BUCKET} # ddbbackup.yaml:3" in lines
    told = json.loads(program.run(*arguments, "--output", "json", BUCKET="acme-secret-vault").out)
    assert told["files"] == ["ddbbackup.yaml", "prod.yaml"]
    assert {
        "path": "destinations.v.bucket",
        "value": None,
        "expression": "${BUCKET}",
        "file": "ddbbackup.yaml",
        "line": 3,
        "column": 28,
        "by_default": False,
    } in told["values"]
    assert "acme-secret-vault" not in done.out + json.dumps(told)


def test_show_of_an_invalid_plan_is_its_problems(program: Program) -> None:
    """Nothing that fails looks like a plan."""
    program.plan(BASE)
    done = program.run("show")
    assert (done.code, done.out) == (78, "")
    assert "ddbbackup.yaml:3:28" in done.err
