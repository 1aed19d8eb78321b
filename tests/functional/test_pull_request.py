"""A plan in GitOps: validated and previewed in a pull request, merged, run every night, failing, recovered.

An emulation of the GitHub runner (``tests/support/workflow.py``) runs the workflows of ``configs/pipelines/github``.
Their commands, the script of the action and ddbbackup are real; AWS is the sandbox. ``gh``, which needs GitHub, is
replaced by a script that keeps the comment.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ddbbackup.catalog.record import new_backup_id
from ddbbackup.sandbox.moto_exports import MotoExports
from ddbbackup.times import from_iso, to_iso
from tests.support.aws import REGION, Aws
from tests.support.git import commit, git
from tests.support.program import Program
from tests.support.receiver import Receiver, receiver
from tests.support.workflow import CHECKOUT, Runner, StepResult

PULL_REQUEST = CHECKOUT / "configs" / "pipelines" / "github" / "pull-request.yaml"
BACKUP = CHECKOUT / "configs" / "pipelines" / "github" / "backup.yaml"
REPOSITORY = "acme/platform"

PLAN = """\
version: 1
name: prod
aws:
  region: {region}
  endpoint_urls: {{dynamodb: "{url}", s3: "{url}", sts: "{url}"}}
destinations:
  vault:
    bucket: {bucket}
    prefix: "ddb/{{table}}/"
defaults:
  rpo: 24h
tables:
  - name: {name}-orders
  - name: {name}-users
notifications:
  dead-man:
    ping: {{url: "${{HEALTHCHECKS_URL:-}}"}}
  ops:
    slack: {{webhook_url: "${{SLACK_WEBHOOK_URL:-}}"}}
metrics:
  textfile: metrics/ddbbackup.prom
"""


class Repository:
    """A checkout with a plan, and the runner that works on it."""

    def __init__(self, program: Program, aws: Aws, bucket: str, name: str, inbox: Receiver) -> None:
        self.directory, self.program = program.directory, program
        self.aws, self.bucket, self.name, self.inbox = aws, bucket, name, inbox
        self.plan = PLAN.format(region=REGION, url=aws.url, bucket=bucket, name=name)
        self.comment = self.directory / "comment.md"
        self._replace_gh()
        self._runs = 0

    def write(self, plan: str) -> None:
        self.program.plan(plan)

    def runner(self, **github: Any) -> Runner:
        """A new machine, as each job gets one."""
        self._runs += 1
        temporary = self.directory / f"runner-{self._runs}"
        temporary.mkdir()
        path = f"{self.directory / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        return Runner(
            self.directory,
            temporary,
            {**self.program.environment, "PATH": path, "COMMENT": str(self.comment)},
            github={"repository": REPOSITORY, **github},
            variables={"AWS_REGION": REGION, "DDBBACKUP_READ_ROLE": "arn:aws:iam::123456789012:role/read"},
            secrets={
                "HEALTHCHECKS_URL": f"{self.inbox.url}/ping",
                "SLACK_WEBHOOK_URL": f"{self.inbox.url}/slack",
            },
        )

    def merged(self, plan: str) -> None:
        """The branch `main` of the origin has this plan; the checkout of a pull request does not have this branch."""
        upstream = self.directory / "upstream"
        upstream.mkdir()
        (upstream / "ddbbackup.yaml").write_text(plan, encoding="utf-8")
        commit(upstream)
        git(self.directory, "init", "--quiet", "--initial-branch", "pull")
        git(self.directory, "remote", "add", "origin", upstream.as_uri())

    def pull_request(self, job: str) -> tuple[Runner, list[StepResult]]:
        pull = {"number": 7, "head": {"repo": {"full_name": REPOSITORY}}}
        runner = self.runner(event={"pull_request": pull}, token="t", base_ref="main", run_id="4711")
        return runner, runner.job(PULL_REQUEST, job)

    def night(self, run_id: str) -> dict[str, StepResult]:
        """Runs the scheduled job; the results of its steps by name."""
        self.inbox.requests.clear()
        runner = self.runner()
        runner.environment = {**runner.environment, "GITHUB_RUN_ID": run_id}
        results = runner.job(BACKUP, "backup")
        return dict(zip(("checkout", "wait", "backup", "status"), results, strict=True))

    def metrics(self, table: str) -> dict[str, float]:
        text = (self.directory / "metrics" / "ddbbackup.prom").read_text(encoding="utf-8")
        return {
            sample.name.removeprefix("ddbbackup_"): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.labels.get("table") == f"{self.name}-{table}"
        }

    def slack_headlines(self) -> list[str]:
        """The headlines of the messages to Slack."""
        texts = [json.loads(each.body)["text"] for each in self.inbox.requests if each.path == "/slack"]
        return [text.splitlines()[0] for text in texts]

    def pinged(self) -> list[str]:
        return [path for path in self.inbox.paths if path.startswith("/ping")]

    def let_days_pass(self, table: str, days: int) -> None:
        """Moves the times in the records of a table into the past."""
        for key in self.aws.record_keys(self.bucket, f"{self.name}-{table}"):
            record = json.loads(self.aws.read(self.bucket, key))
            for holder, member in (
                (record, "started_at"),
                (record, "completed_at"),
                (record["covers"], "start"),
                (record["covers"], "end"),
            ):
                holder[member] = to_iso(_moment(holder[member]) - timedelta(days=days))
            record["id"] = new_backup_id(
                _moment(record["started_at"]),
                plan=record["plan"],
                table_arn=record["table"]["arn"],
                run=record["run"],
                attempt=record["attempt"],
            )
            record["chain"] = {"base": record["id"], "previous": None, "needs": [record["id"]]}
            self.aws.s3.delete_object(Bucket=self.bucket, Key=key)
            moved = f"{key.rpartition('/')[0]}/{record['id']}.json"
            self.aws.s3.put_object(Bucket=self.bucket, Key=moved, Body=json.dumps(record).encode())

    def _replace_gh(self) -> None:
        """Replaces the command of GitHub by one that keeps the body of the comment."""
        (self.directory / "bin").mkdir()
        gh = self.directory / "bin" / "gh"
        gh.write_text(
            '#!/bin/sh\n[ "$1 $2 $3" = "pr comment 7" ] && cat "$5" >"$COMMENT"\n', encoding="utf-8"
        )
        gh.chmod(0o755)


def _moment(text: str) -> datetime:
    return from_iso(text)


@pytest.fixture
def repository(sandbox: Aws, bucket: str, name: str, program: Program) -> Iterator[Repository]:
    for table in ("orders", "users"):
        sandbox.create_table(f"{name}-{table}", pitr=True)
        sandbox.put(f"{name}-{table}", {"id": {"S": "1"}}, {"id": {"S": "2"}})
    with receiver() as inbox:
        yield Repository(program, sandbox, bucket, name, inbox)


def test_an_invalid_plan_is_annotated_at_the_line_of_the_problem(repository: Repository) -> None:
    """In the diff of the pull request. The preview does not run."""
    repository.write(repository.plan.replace("rpo: 24h", "rpo: 24 hours"))
    (line,) = [n for n, text in enumerate(repository.plan.splitlines(), 1) if "rpo: 24h" in text]

    runner, steps = repository.pull_request("validate")

    assert [step.code for step in steps] == [0, 78]
    (annotation,) = [text for text in steps[-1].out.splitlines() if text.startswith("::error")]
    assert annotation.startswith(
        f"::error file=ddbbackup.yaml,line={line},col=8,title=ddbbackup%3A defaults.rpo::"
    )
    assert f"`ddbbackup.yaml:{line}:8`" in runner.summary
    assert runner.noted == ["actions/checkout", "actions/setup-python"], "no role is assumed to validate"


def test_a_valid_plan_is_previewed_in_a_comment(repository: Repository) -> None:
    """As Markdown, with what it changes. Nothing is written, and nobody is notified."""
    repository.merged(repository.plan)
    repository.write(repository.plan.replace("rpo: 24h", "rpo: 1h"))
    _, steps = repository.pull_request("validate")
    assert [step.code for step in steps] == [0, 0]
    assert "::error" not in steps[-1].out

    runner, steps = repository.pull_request("preview")

    assert [step.code for step in steps] == [0, 0, 0, 0], steps[-2].err
    assert "aws-actions/configure-aws-credentials" in runner.noted
    comment = repository.comment.read_text(encoding="utf-8")
    assert comment.startswith("### ")
    for table in ("orders", "users"):
        assert f"{repository.name}-{table}" in comment.replace("\\", "")
    body, _, link = comment.rstrip().rpartition("\n\n")
    assert body in runner.summary
    assert link.startswith("[The whole preview](")
    assert f"! {repository.name}-orders: rpo 24h → 1h" in body
    assert "Changes against origin/main" in body
    whole = runner.uploads["ddbbackup-preview"]
    assert {path.name for path in whole.iterdir()} == {"report.json", "report.md", "report.txt"}
    assert json.loads((whole / "report.json").read_text())["against"]["reference"] == "origin/main"
    assert repository.aws.keys(repository.bucket) == []
    assert repository.inbox.requests == [], "a preview notifies nobody"


def test_a_pull_request_from_a_fork_is_not_previewed(repository: Repository) -> None:
    """It must not get an AWS role."""
    repository.write(repository.plan)
    pull = {"number": 7, "head": {"repo": {"full_name": "stranger/platform"}}}
    assert repository.runner(event={"pull_request": pull}).job(PULL_REQUEST, "preview") == []


def test_the_merged_plan_runs_every_night(repository: Repository, exports: MotoExports) -> None:
    """A success, the same run again, a run with a failing table, and its recovery."""
    repository.write(repository.plan)
    users = f"{repository.name}-users"

    def started() -> int:
        return sum(repository.name in export.table_arn for export in exports.started)

    first = repository.night("1")
    assert {verb: step.code for verb, step in first.items()} == dict.fromkeys(first, 0), first["backup"].err
    assert started() == 2
    assert repository.pinged() == ["/ping/log", "/ping/start", "/ping/0"]
    assert repository.slack_headlines() == []
    fresh = repository.metrics("users")
    assert (fresh["last_success_items"], fresh["rpo_broken"]) == (2, 0)

    again = repository.night("1")
    assert again["backup"].code == 0
    assert "prod: 2 ok" in again["backup"].out
    assert started() == 4, "a pipeline may run the same verb twice on purpose: what is finished is done again"
    fresh = repository.metrics("users")

    repository.let_days_pass("users", 2)
    _pitr(repository.aws, users, enabled=False)
    bad = repository.night("2")
    assert {verb: step.code for verb, step in bad.items()} == {
        "checkout": 0,
        "wait": 0,
        "backup": 3,
        "status": 4,
    }
    assert bad["backup"].outputs["exit-code"] == "3"
    assert re.search(rf"^::error title=ddbbackup%3A backup {users}::", bad["backup"].out, re.MULTILINE)
    assert repository.slack_headlines() == ["*ddbbackup backup prod: 1 failed, 1 ok (partial, stale)*"]
    assert repository.pinged()[-1] == "/ping/3"
    stale = repository.metrics("users")
    assert stale["rpo_broken"] == 1
    assert stale["rpo_age_seconds"] > 2 * 86400
    assert stale["last_success_timestamp_seconds"] <= fresh["last_success_timestamp_seconds"] - 2 * 86400
    assert repository.metrics("orders")["rpo_broken"] == 0

    _pitr(repository.aws, users, enabled=True)
    well = repository.night("3")
    assert {verb: step.code for verb, step in well.items()} == dict.fromkeys(well, 0), well["backup"].err
    assert repository.slack_headlines() == ["*ddbbackup backup prod: 2 ok (recovered)*"]
    assert repository.pinged()[-1] == "/ping/0"
    recovered = repository.metrics("users")
    assert recovered["rpo_broken"] == 0
    assert recovered["last_success_timestamp_seconds"] >= fresh["last_success_timestamp_seconds"]


def test_the_next_night_completes_the_exports_of_an_interrupted_run(
    repository: Repository, exports: MotoExports
) -> None:
    """They continue in AWS after the job was killed, and `wait` finds them."""
    exports.export_seconds = (4.0, 4.0)
    repository.write(repository.plan)
    left = repository.program.run("backup", "--no-wait", "--run-id", "1")
    assert left.code == 0, left.err

    night = repository.night("2")

    assert night["wait"].code == 0
    assert "wait prod: 2 ok" in night["wait"].out
    reattached = [json.loads(each) for each in night["wait"].err.splitlines() if "export.reattached" in each]
    assert {each["table"] for each in reattached} == {f"{repository.name}-orders", f"{repository.name}-users"}


def _pitr(aws: Aws, table: str, *, enabled: bool) -> None:
    aws.dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
    )
