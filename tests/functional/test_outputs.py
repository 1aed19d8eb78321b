"""The output of the program: JSON that matches its schema, and forms in files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from junitparser import JUnitXml

from ddbbackup.cli.verbs import VERBS
from ddbbackup.plan.schemas import schema_text
from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program

NO_FORM = {"completion", "schema", "explain", "find", "dump"}  # a script, a schema, a text, and items


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema_text(name)))


def schema_of(verb: str) -> str:
    schema = VERBS[verb].schema
    assert schema is not None
    return schema


def test_every_verb_has_a_json_form_with_a_schema() -> None:
    """Except those that print a text of another format."""
    assert {verb.name for verb in VERBS.values() if "json" in verb.forms} == set(VERBS) - NO_FORM
    assert {verb.name for verb in VERBS.values() if verb.schema} == set(VERBS) - NO_FORM


def test_the_json_of_every_verb_is_valid_by_its_schema(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Real output, of a backup with a failure and the verbs after it."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, {"id": {"S": "a"}})
    restores = {"back": {"table": name, "to": {"table": f"{name}-2"}}}
    tables = [{"name": name, "rpo": "1h"}, {"name": f"{name}-gone"}, {"match": f"{name}-no-*"}]
    program.plan(plan(sandbox, bucket, tables=tables, restores=restores))
    runs: list[tuple[int, *tuple[str, ...]]] = [
        (0, "init", "-f", "new.yaml"),
        (0, "validate"),
        (0, "show"),
        (3, "preview"),
        (1, "doctor"),
        (3, "backup"),
        (0, "wait"),
        (5, "status"),
        (5, "report"),
        (0, "list"),
        (0, "verify"),
        (0, "restore", "back"),
    ]
    for code, *arguments in runs:
        done = program.run(*arguments, "--output", "json")
        assert done.code == code, (arguments, done.err)
        validator(schema_of(arguments[0])).validate(json.loads(done.out))
    printed = program.run_process("demo", "--output", "json")
    validator("demo").validate(json.loads(printed.out))
    for each in json.loads(printed.out)["commands"]:
        validator(schema_of(each["command"].split()[0])).validate(each["answer"])


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["backup"], 78, "PlanInvalid"),
        (["show"], 78, "PlanInvalid"),
        (["status", "-f", "whole.yaml"], 77, "AccessDenied"),
        (["init", "-f", "whole.yaml"], 1, "Refused"),
    ],
)
def test_an_early_failure_is_json_too(
    sandbox: Aws, bucket: str, program: Program, arguments: list[str], code: int, kind: str
) -> None:
    """A program that reads stdout always finds a document; people find the message on stderr."""
    program.plan("version: 1\nname: p\ntabels: []\n")
    program.plan(plan(sandbox, bucket, tables=[{"match": "*"}]), "whole.yaml")
    done = program.run(*arguments, "--output", "json", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    printed = json.loads(done.out)
    validator("error").validate(printed)
    assert (done.code, printed["error"]["exit_code"], printed["error"]["kind"]) == (code, code, kind)
    assert "hint:" in done.err
    assert bool(printed["problems"]) == (kind == "PlanInvalid")


def test_one_run_writes_several_forms(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """One on stdout, others in files; the job summary without an option."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}, {"name": f"{name}-gone"}]))
    summary = program.directory / "summary.md"
    summary.write_text("before\n")

    done = program.run(
        *(
            "backup",
            "--output",
            "github",
            "--output",
            "junit=out/backup.xml",
            "--output",
            "json=out/backup.json",
        ),
        GITHUB_STEP_SUMMARY=str(summary),
    )

    assert done.code == 3
    assert done.out.splitlines()[0].startswith(f"::error title=ddbbackup%3A backup {name}-gone::")
    (suite,) = JUnitXml.fromfile(str(program.directory / "out" / "backup.xml"))
    assert (suite.tests, suite.failures) == (2, 1)
    validator("report").validate(json.loads((program.directory / "out" / "backup.json").read_text()))
    assert sorted(path.name for path in (program.directory / "out").iterdir()) == [
        "backup.json",
        "backup.xml",
    ]
    assert summary.read_text().startswith("before\n### ddbbackup backup test: 1 failed, 1 ok\n")


def test_a_summary_that_cannot_be_written_is_a_warning(program: Program) -> None:
    """The result of the run does not change."""
    program.plan("version: 1\nname: p\ndestinations: {v: {bucket: acme-vault}}\ntables: [{name: orders}]\n")
    (program.directory / "file").write_text("")
    done = program.run("validate", GITHUB_STEP_SUMMARY="file/summary.md")
    assert done.code == 0
    assert done.err == "ddbbackup: cannot write the job summary file/summary.md: not a directory\n"


def test_annotations_name_files_from_the_top_of_the_repository(program: Program, tmp_path: Path) -> None:
    """Whatever the working directory of the job is."""
    program.plan("version: 1\nname: p\ntabels: []\n")
    top = str(tmp_path.parent)
    seen = f"{tmp_path.name}/ddbbackup.yaml"
    done = program.run("validate", "--output", "github", GITHUB_WORKSPACE=top)
    assert f"::error file={seen},line=3,col=1" in done.out
    done = program.run("validate", "--output", "gitlab", CI_PROJECT_DIR=top)
    assert {entry["location"]["path"] for entry in json.loads(done.out)} == {seen}
    done = program.run("validate", "-f", str(tmp_path / "ddbbackup.yaml"), "--output", "github")
    assert "::error file=ddbbackup.yaml,line=3" in done.out


@pytest.mark.parametrize(
    ("output", "hint"), [("jsno", "use `json`"), ("xml", "choose one of"), ("json=", "FILE")]
)
def test_an_output_that_does_not_exist_is_usage(program: Program, output: str, hint: str) -> None:
    """With the forms of this verb as a hint."""
    done = program.run("backup", "--output", output)
    assert done.code == 64
    assert hint in done.err


@pytest.mark.parametrize("path", ["file/report.xml", "folder"])
def test_a_report_that_cannot_be_written_fails_before_any_work(program: Program, path: str) -> None:
    """The plan is not even read."""
    (program.directory / "file").write_text("")
    (program.directory / "folder").mkdir()
    done = program.run("backup", "--output", f"junit={path}")
    assert done.code == 1
    assert f"cannot write {path}" in done.err
    assert "ddbbackup.yaml" not in done.err, "there is no plan here"
