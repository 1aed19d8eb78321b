"""``show`` and ``schema``, by running the program."""

from __future__ import annotations

import json

import yaml
from jsonschema import Draft202012Validator

from tests.support.program import Program

BASE = "version: 1\nname: shop\ndestinations: {v: {bucket: '${BUCKET}'}}\ntables: [{name: orders}]\n"


def test_show_prints_the_plan_of_several_files_and_no_secret(program: Program) -> None:
    """As YAML with the source of each value, and as JSON with the same sources."""
    program.plan(BASE)
    program.plan("aws: {region: eu-west-1}\n", "prod.yaml")
    arguments = ("show", "-f", "ddbbackup.yaml", "-f", "prod.yaml")

    done = program.run(*arguments, BUCKET="acme-secret-vault")

    assert done.code == 0, done.err
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "region: eu-west-1 # prod.yaml:1" in lines
    assert "bucket: ${BUCKET} # ddbbackup.yaml:3" in lines
    document = json.loads(program.run(*arguments, "--output", "json", BUCKET="acme-secret-vault").out)
    assert document["files"] == ["ddbbackup.yaml", "prod.yaml"]
    assert {
        "path": "destinations.v.bucket",
        "keys": ["destinations", "v", "bucket"],
        "value": None,
        "expression": "${BUCKET}",
        "file": "ddbbackup.yaml",
        "line": 3,
        "column": 28,
        "by_default": False,
    } in document["values"]
    assert "acme-secret-vault" not in done.out + json.dumps(document)


def test_show_of_an_invalid_plan_prints_its_problems(program: Program) -> None:
    """On stderr: stdout never holds something that looks like a plan."""
    program.plan(BASE)
    done = program.run("show")
    assert (done.code, done.out) == (78, "")
    assert "ddbbackup.yaml:3:28" in done.err


def test_schema_prints_the_schema_that_a_starter_plan_refers_to(program: Program) -> None:
    """An editor finds the schema in the file that the first line of the plan names."""
    assert program.run("init").code == 0
    plan = (program.directory / "ddbbackup.yaml").read_text(encoding="utf-8")
    assert plan.startswith("# yaml-language-server: $schema=ddbbackup.schema.json\n")
    done = program.run("schema")
    assert done.code == 0, done.err
    schema = json.loads(done.out)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(yaml.safe_load(plan))


def test_schema_prints_the_schema_of_another_document(program: Program) -> None:
    """By its name; an unknown name is a usage error with a hint."""
    assert json.loads(program.run("schema", "report").out)["$id"] == "urn:ddbbackup:report"
    done = program.run("schema", "reprot")
    assert done.code == 64
    assert done.err == "ddbbackup: unknown schema 'reprot'\nhint: use `report` instead\n"
