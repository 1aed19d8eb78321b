"""The live suite on the sandbox: it works, it leaves nothing, and it refuses what it was not allowed to do."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from moto.kinesis.models import kinesis_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends

from ddbbackup.sandbox.server import Sandbox
from tests.live.access import BOUND, DEFAULT_USD, WHERE
from tests.live.checks import CHECKS
from tests.live.data import ITEMS, same
from tests.live.estimate import total
from tests.live.questions import QUESTIONS
from tests.live.report import published
from tests.live.sandbox import ACCOUNT, enforcing_proxy, environment
from tests.live.stage import PREFIX
from tests.live.suite import charges
from tests.support.aws import KEY, REGION, SECRET
from tests.support.calls import calls_of_sandbox
from tests.support.program import clean_environment

CHECKOUT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "tests.live")
REGIONS = (REGION, "eu-central-1")
SECONDS = 900  # for a machine with much other work


@pytest.fixture
def url(running_sandbox: Sandbox) -> Iterator[str]:
    """The sandbox of this process, which enforces the policies of roles here."""
    with enforcing_proxy(running_sandbox.url) as there:
        yield there


def live_environment(url: str, directory: Path, **more: str) -> dict[str, str]:
    """The environment of a person with credentials of the sandbox, who allowed its account."""
    return {**clean_environment(directory / "state"), **environment(url), WHERE: ACCOUNT, **more}


def live(url: str, directory: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=CHECKOUT,
        env=live_environment(url, directory, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def made() -> list[str]:
    """Everything in the sandbox with the prefix of the suite, looked up in the sandbox itself."""
    names = [bucket for bucket in s3_backends[ACCOUNT]["aws"].buckets if bucket.startswith(PREFIX)]
    names += [
        role.name for role in iam_backends[ACCOUNT]["aws"].roles.values() if role.name.startswith(PREFIX)
    ]
    for region in REGIONS:
        names += dynamodb_backends[ACCOUNT][region].tables
        names += kinesis_backends[ACCOUNT][region].streams
        names += [topic.name for topic in sns_backends[ACCOUNT][region].topics.values()]
        scaling = applicationautoscaling_backends[ACCOUNT][region]
        names += [name.split("/")[1] for targets in scaling.targets.values() for name in targets]
        names += [policy.resource_id.split("/")[1] for policy in scaling.policies.values()]
        names += [
            key.description
            for key in kms_backends[ACCOUNT][region].keys.values()
            if key.key_state == "Enabled"
        ]
    return [each for each in names if each.startswith(PREFIX)]


def wait_until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_every_check_passes_and_every_question_is_answered(url: str, tmp_path: Path) -> None:
    """And the report tells it, without credentials. Nothing is left."""
    done = live(url, tmp_path, "--report", str(tmp_path / "live-report.json"))

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    text = (tmp_path / "live-report.json").read_text(encoding="utf-8")
    report = json.loads(text)
    assert {each["id"] for each in report["checks"] if each["passed"]} == {each.id for each in CHECKS}
    assert [each["id"] for each in report["questions"]] == [each.id for each in QUESTIONS]
    for each in report["questions"]:
        assert (each["answer"] is not None) != (each["reason"] is not None), each
        assert each["problem"] is None
    assert (report["format_version"], report["where"], report["region"]) == (1, "sandbox", REGION)
    assert 0 < report["estimate"]["usd"] < DEFAULT_USD
    assert report["left"] == []
    answers = {each["id"]: each["answer"] for each in report["questions"]}
    assert set(answers["export/object-lock"]["retention"].values()) == {"GOVERNANCE"}
    added = answers["bulk-put/least-permissions"]["added in this order"]
    assert sorted(added) == ["dynamodb:StartBulkPutItems", "s3:GetObject", "s3:ListBucket", "s3:PutObject"]
    assert answers["policies/late-denial"]["allowed by the role after"] is not None
    assert KEY not in text
    assert SECRET not in text
    assert made() == []


def test_it_starts_a_sandbox_of_its_own(url: str, tmp_path: Path) -> None:
    """Whatever AWS configuration the caller has."""
    report = tmp_path / "live-report.json"
    more = {WHERE: "sandbox", "AWS_PROFILE": "production", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    done = live(url, tmp_path, "--only", "contract/objects", "--report", str(report), **more)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert [each["id"] for each in json.loads(report.read_text(encoding="utf-8"))["checks"]] == [
        "contract/objects"
    ]


# ---- killed runs


def killed(url: str, directory: Path, *, with_guard: bool) -> str:
    """Kills a run by SIGKILL when it has tables, a bucket and a role. Returns the prefix of its names."""
    process = subprocess.Popen(
        [*COMMAND, "--only", "policies/late-denial,export/write-order,tables/*", "--report", os.devnull],
        cwd=CHECKOUT,
        env=live_environment(url, directory),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    prefix = next(line.split()[-1] for line in process.stdout if line.startswith("the names of this run"))
    wait_until(lambda: len(made()) >= 3, "the run makes tables")
    for guard in guards(prefix) if with_guard else ():
        os.kill(guard, signal.SIGKILL)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return prefix


def guards(prefix: str) -> list[int]:
    """The id of the guard of one run, in a list."""
    listed = subprocess.run(
        ["ps", "-axww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    found = [int(row.split()[0]) for row in listed.splitlines() if f"--guard {prefix}" in row]
    assert len(found) == 1
    return found


def test_the_guard_of_a_killed_run_removes_everything(url: str, tmp_path: Path) -> None:
    """Without anybody starting anything."""
    killed(url, tmp_path, with_guard=False)
    wait_until(lambda: made() == [], "the guard removes everything")


def test_clean_removes_what_a_killed_run_and_its_killed_guard_left(url: str, tmp_path: Path) -> None:
    """Before that, no other run starts: the first one may still be running."""
    prefix = killed(url, tmp_path, with_guard=True)
    left = made()
    assert left
    assert {each[: len(prefix)] for each in left} == {prefix}

    refused = live(url, tmp_path, "--only", "contract/identity")
    assert (refused.returncode, refused.stdout.count("passed")) == (2, 0)
    assert "--clean" in refused.stderr

    done = live(url, tmp_path, "--clean")
    assert done.returncode == 0, done.stderr
    assert made() == []


# ---- what is refused


def test_nothing_is_called_without_permission(url: str, tmp_path: Path) -> None:
    with calls_of_sandbox() as calls:
        for where in ("", "yes", "12345678901"):
            done = live(url, tmp_path, **{WHERE: where})
            assert (done.returncode, done.stdout) == (2, "")
            assert f"set {WHERE}" in done.stderr
    assert calls == []


def test_another_account_and_too_high_an_estimate_are_refused_before_any_change(
    url: str, tmp_path: Path
) -> None:
    with calls_of_sandbox() as calls:
        other = live(url, tmp_path, **{WHERE: "210987654321"})
        dear = live(url, tmp_path, **{BOUND: "0.01"})
        wrong = live(url, tmp_path, **{BOUND: "much"})
    assert [each.returncode for each in (other, dear, wrong)] == [2, 2, 2]
    assert f"the credentials belong to account {ACCOUNT}" in other.stderr
    assert "0.01 USD" in dear.stderr
    assert BOUND in wrong.stderr
    assert {each.operation for each in calls} == {"GetCallerIdentity"}


# ---- its parts


def test_the_sandbox_of_the_suite_enforces_policies(url: str, name: str) -> None:
    """Else a policy that lacks an action would pass its check."""
    caller = boto3.Session(KEY, SECRET, region_name=REGION)
    iam: Any = caller.client("iam", endpoint_url=url)
    sts: Any = caller.client("sts", endpoint_url=url)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    session = boto3.Session(
        keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=REGION
    )
    dynamodb = session.client("dynamodb", endpoint_url=url)
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"

    def codes() -> list[str]:
        found = []
        for call in (dynamodb.describe_table, dynamodb.delete_table):
            with pytest.raises(ClientError) as caught:
                call(TableName=name)
            found.append(caught.value.response["Error"]["Code"])
        return found

    assert codes() == ["AccessDeniedException", "AccessDeniedException"]
    statement = {"Effect": "Allow", "Action": "dynamodb:DescribeTable", "Resource": table}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="one", PolicyDocument=policy)
    assert codes() == ["ResourceNotFoundException", "AccessDeniedException"]


def test_items_that_differ_are_found() -> None:
    """In each attribute, also nested; the order of sets and the form of numbers do not count."""
    items = list(ITEMS)
    changed = copy.deepcopy(items)
    changed[3]["numbers"]["NS"] = ["1.0", "3", "-25E-1"]
    same(reversed(changed), items)
    for attribute, value in {
        "bytes": {"B": b""},
        "null": {"BOOL": True},
        "fraction": {"N": "-0.12345678901234567890123456789012345678"},
        "list": {"L": []},
        "map": {"M": {"deep": {"M": {"deeper": {"NS": ["7", "9"]}}}}},
    }.items():
        changed = copy.deepcopy(items)
        changed[5][attribute] = value
        with pytest.raises(AssertionError, match="1 items differ"):
            same(changed, items)
    with pytest.raises(AssertionError, match="missing items"):
        same(items[1:], items)


def test_ids_are_unique_and_every_question_is_asked_or_has_a_reason() -> None:
    ids = [each.id for each in CHECKS] + [each.id for each in QUESTIONS]
    assert len(ids) == len(set(ids))
    for question in QUESTIONS:
        assert (question.ask is None) != (question.reason is None), question.id


def test_the_whole_suite_is_within_the_default_bound() -> None:
    """Also with a margin for prices that are only assumed."""
    rows = charges([*CHECKS, *QUESTIONS])
    assert total(rows) * 3 < DEFAULT_USD
    assert [row.what for row in rows if row.usd is None] == ["bulk puts"]


def test_a_report_names_no_account_and_no_key() -> None:
    text = published("arn:aws:iam::210987654321:role/x ASIA0123456789ABCDEF", "210987654321")
    assert text == "arn:aws:iam::123456789012:role/x ACCESS-KEY-ID"
