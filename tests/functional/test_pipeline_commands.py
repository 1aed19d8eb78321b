"""The commands of the pipelines in ``configs/pipelines``, run against the sandbox.

A shell runs the commands of each file with the variables that the CI system would set. The workflows for GitHub are
tested in ``test_pull_request.py``.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from ddbbackup.sandbox.moto_exports import MotoExports
from tests.support.aws import Aws
from tests.support.git import commit
from tests.support.plans import plan
from tests.support.program import Program, Result

CHECKOUT = Path(__file__).parents[2]
PIPELINES = CHECKOUT / "configs" / "pipelines"
INVALID = "version: 1\nname: p\ntabels: []\n"


def bash(
    program: Program, script: str, variables: Mapping[str, str] | None = None, without: tuple[str, ...] = ()
) -> Result:
    """Runs a script as a CI runner does, which stops at the first command that fails."""
    environment = {key: value for key, value in program.environment.items() if key not in without}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=program.directory,
        env={
            **environment,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            **(variables or {}),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def table(sandbox: Aws, bucket: str, name: str, program: Program) -> str:
    """A table, and a plan for it in the ``ddbbackup.yaml`` of the working directory."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, {"id": {"S": "1"}})
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "rpo": "1h"}]))
    return name


# ---- GitLab


class Component:
    """The GitLab component with its inputs filled in."""

    def __init__(self, **inputs: str) -> None:
        text = (PIPELINES / "gitlab" / "templates" / "ddbbackup.yml").read_text(encoding="utf-8")
        head, jobs = text.split("\n---\n")
        known = yaml.safe_load(head)["spec"]["inputs"]
        given = {name: inputs.get(name, (each or {}).get("default", "")) for name, each in known.items()}
        filled = re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda found: given[found[1]], jobs)
        self.jobs: dict[str, Any] = yaml.safe_load(filled)

    def script(self, name: str) -> tuple[str, Mapping[str, str]]:
        """The complete script of a job and its variables, with those of the jobs that it extends."""
        before: list[str] = []
        variables: dict[str, str] = {}
        current: str | None = name
        script = self.jobs[name]["script"]
        while current:
            job = self.jobs[current]
            before = before or job.get("before_script", [])
            variables = {**job.get("variables", {}), **variables}
            current = job.get("extends")
        return "\n".join([*before, *script]), variables


def test_a_merge_request_of_gitlab_gets_code_quality_and_junit_reports(program: Program) -> None:
    """With the line of the problem. Both reports are written although the job fails."""
    program.plan(INVALID)
    script, variables = Component(image="i").script("ddbbackup-validate")
    done = bash(program, script, {"CI_PROJECT_DIR": str(program.directory), **variables})
    assert done.code == 78, done.err
    (entry,) = json.loads((program.directory / "codequality.json").read_text())
    assert entry["location"] == {"path": "ddbbackup.yaml", "lines": {"begin": 3}}
    (suite,) = JUnitXml.fromfile(str(program.directory / "validate.xml"))
    assert suite.failures == 1


def test_jobs_of_gitlab_use_an_id_token_instead_of_keys(
    sandbox: Aws, table: str, program: Program, exports: MotoExports
) -> None:
    """The SDK exchanges it for the credentials of a role. A pipeline that is run again backs up again."""
    component = Component(image="i", **{"read-role": "arn:aws:iam::123456789012:role/ddbbackup-read"})
    component.jobs["ddbbackup-backup"]["variables"]["ROLE"] = (
        "arn:aws:iam::123456789012:role/ddbbackup-backup"
    )
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    token = {
        "DDBBACKUP_ID_TOKEN": "header.payload.signature",
        "AWS_ENDPOINT_URL_STS": sandbox.url,
        "CI_PIPELINE_ID": "4711",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": commit(program.directory),
    }
    script, variables = component.script("ddbbackup-preview")
    done = bash(program, script, {**token, **variables}, without=keys)
    assert done.code == 0, done.err
    assert table in (program.directory / "preview.md").read_text()

    script, variables = component.script("ddbbackup-backup")
    for _ in range(2):
        done = bash(program, script, {**token, **variables}, without=keys)
        assert done.code == 0, done.err
        report = json.loads((program.directory / "backup.json").read_text())
        assert (report["run"], report["outcomes"][-1]["status"]) == ("4711", "done")
    assert sum(export.table_arn.endswith(table) for export in exports.started) == 2


# ---- Kubernetes, CodeBuild, systemd


def test_pods_of_one_kubernetes_job_are_attempts_of_one_run(
    table: str, program: Program, exports: MotoExports
) -> None:
    """Runs the arguments of the container twice, with the name of the job that Kubernetes fills in."""
    job = yaml.safe_load((PIPELINES / "kubernetes" / "cronjob.yaml").read_text(encoding="utf-8"))
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    (variable,) = container["env"]
    assert variable["name"] == "RUN_ID"
    arguments = [each.replace("$(RUN_ID)", "ddbbackup-29403017") for each in container["args"]]
    arguments[arguments.index("/etc/ddbbackup/ddbbackup.yaml")] = "ddbbackup.yaml"
    for status in ("done", "unchanged"):
        done = program.run(*arguments, "--output", "json")
        assert done.code == 0, done.err
        assert (done.report["run"], done.report["outcomes"][-1]["status"]) == ("ddbbackup-29403017", status)
    assert sum(export.table_arn.endswith(table) for export in exports.started) == 1


def test_the_phases_of_codebuild_validate_back_up_and_show_the_status(table: str, program: Program) -> None:
    """All phases except the installation. The report is where the buildspec says."""
    spec = yaml.safe_load((PIPELINES / "codebuild" / "buildspec.yaml").read_text(encoding="utf-8"))
    variables = {**spec["env"]["variables"], "CODEBUILD_BUILD_ID": "nightly:0a1b"}
    for phase in ("pre_build", "build", "post_build"):
        for command in spec["phases"][phase]["commands"]:
            done = bash(program, command, variables)
            assert done.code == 0, (command, done.err)
    (suite,) = JUnitXml.fromfile(str(program.directory / "reports" / "backup.xml"))
    assert suite.failures == 0
    assert json.loads((program.directory / "reports" / "backup.json").read_text())["run"] == "nightly-0a1b"


def test_the_systemd_service_starts_no_second_export_on_the_same_day(table: str, program: Program) -> None:
    """Runs its ExecStart as systemd unquotes it: %% is %, $$ is $, %p is the name of the unit."""
    text = (PIPELINES / "systemd" / "ddbbackup.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    shell, flag, script = shlex.split(line)
    assert (shell, flag) == ("/bin/sh", "-c")
    script = script.replace("%p", "ddbbackup").replace("%%", "%").replace("$$", "$")
    script = script.replace("/etc/ddbbackup/ddbbackup.yaml", "ddbbackup.yaml")
    first, second = (bash(program, script) for _ in range(2))
    assert (first.code, second.code) == (0, 0), first.err
    (run,) = {each["run"] for each in first.events}
    assert re.fullmatch(r"ddbbackup-\d{8}", run)
    if {each["run"] for each in second.events} == {run}:  # midnight did not pass between them
        assert "1 unchanged" in second.out


# ---- pre-commit


def test_the_pre_commit_hook_validates_every_plan_separately(program: Program) -> None:
    """As pre-commit calls it: the entry, then the names of the changed files."""
    (hook,) = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    good = "version: 1\nname: p\ndestinations: {v: {bucket: acme-vault}}\ntables: [{name: orders}]\n"
    (program.directory / "eu").mkdir()
    program.plan(good)
    program.plan(good.replace("orders", "users"), "eu/ddbbackup.yaml")
    names = ["ddbbackup.yaml", "eu/ddbbackup.yaml"]
    assert all(re.search(hook["files"], name) for name in names)
    assert not re.search(hook["files"], "eu/other.yaml")
    entry = hook["entry"].split()
    assert entry[0] == "ddbbackup"
    done = program.run(*entry[1:], *names)
    assert (done.code, done.out.count("valid; 1 table entry")) == (0, 2), done.err
    program.plan(INVALID, "eu/ddbbackup.yaml")
    done = program.run(*entry[1:], *names)
    assert done.code == 78
    assert "eu/ddbbackup.yaml:3:1: tabels: unknown key" in done.out
    assert done.out.count("valid;") == 1


def test_plans_are_named_by_option_or_by_argument_not_both(program: Program) -> None:
    """Plans of several -f are merged, those of arguments are separate: both would be ambiguous."""
    done = program.run("validate", "-f", "a.yaml", "b.yaml")
    assert done.code == 64
    assert "use either -f or PLAN" in done.err
