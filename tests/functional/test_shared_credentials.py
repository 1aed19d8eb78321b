"""Credential helpers run, and MFA codes are asked for, once per run, also with worker processes and other regions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.sandbox.moto_session_keys import MotoSessionKeys
from tests.support.aws import Aws, line
from tests.support.plans import plan
from tests.support.program import Program
from tests.support.servers import CHECKOUT

ROLE = "arn:aws:iam::123456789012:role/backup"
ITEMS: list[dict[str, Any]] = [{"id": {"S": str(n)}} for n in range(200)]
# `python -m ddbbackup`, except that little data gets more than one worker.
MAIN = """
import sys
from ddbbackup.bulk import units
from ddbbackup.cli import main
units.MIN_BYTES_PER_WORKER = 1
sys.exit(main(sys.argv[1:]))
"""
LITTLE_DATA = (sys.executable, "-c", MAIN)


def restore_of(aws: Aws, bucket: str, name: str, program: Program, **settings: Any) -> None:
    """A plan with a restore by two workers, into another region than the plan's."""
    uri = aws.put_export(bucket, [[line(item) for item in ITEMS[n::6]] for n in range(6)])
    aws.client("dynamodb", "eu-central-1").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    restore = {
        "table": name,
        "from": {"s3_uri": uri},
        "to": {"table": name, "create": "never", "region": "eu-central-1"},
        "existing": "overwrite",
        "limits": {"workers": 2},
    }
    program.plan(plan(aws, bucket, settings, restores={"back": restore}))


def configure(program: Program, text: str) -> None:
    path = program.directory / "aws-config"
    path.write_text(text)
    kept = {name: value for name, value in program.environment.items() if "ACCESS_KEY" not in name}
    program.environment = {**kept, "AWS_CONFIG_FILE": str(path)}


def count(aws: Aws, name: str) -> int:
    pages = aws.client("dynamodb", "eu-central-1").get_paginator("scan").paginate(TableName=name)
    return sum(page["Count"] for page in pages)


@pytest.mark.parametrize("roles", [False, True])
def test_a_credential_process_runs_once(
    sandbox: Aws, bucket: str, name: str, program: Program, tmp_path: Path, roles: bool
) -> None:
    """By `aws.profile` in the plan, with and without a role that is assumed with it."""
    helper = tmp_path / "helper.sh"
    keys = '{"Version": 1, "AccessKeyId": "AKIAHELPER", "SecretAccessKey": "s"}'
    helper.write_text(f"#!/bin/sh\necho x >>{tmp_path}/started\necho '{keys}'\n")
    helper.chmod(0o700)
    role = {"assume_role": {"role_arn": ROLE}} if roles else {}
    restore_of(sandbox, bucket, name, program, profile="p", **role)
    configure(program, f"[profile p]\ncredential_process = {helper}\n")
    done = program_with_workers(program)
    assert done.returncode == 0, done.stderr
    assert count(sandbox, name) == len(ITEMS)
    assert (tmp_path / "started").read_text().splitlines() == ["x"]


def test_an_mfa_code_is_asked_for_once(
    sandbox: Aws, bucket: str, name: str, program: Program, session_keys: MotoSessionKeys
) -> None:
    """AWS accepts a code only once, so a second process that asks for one could not use it."""
    restore_of(sandbox, bucket, name, program, profile="m")
    configure(
        program,
        f"[profile m]\nrole_arn = {ROLE}\nsource_profile = base\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/me\n"
        "[profile base]\naws_access_key_id = A\naws_secret_access_key = B\n",
    )
    terminal = (sys.executable, "-m", "tests.support.terminal", "Enter MFA code", "123456")
    done = program_with_workers(program, *terminal)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Enter MFA code") == 1
    assert count(sandbox, name) == len(ITEMS)
    assert len(session_keys.issued) == 1
    assert session_keys.requests.total() > 10


def program_with_workers(program: Program, *before: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, *LITTLE_DATA, "restore", "back", "--yes"],
        cwd=program.directory,
        env={**program.environment, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        start_new_session=True,
        check=False,
    )
