"""``doctor``: what it finds, how it exits, and that it only reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ddbbackup.sandbox.moto_exports import MotoExports
from tests.support.aws import Aws
from tests.support.calls import calls_of_sandbox
from tests.support.plans import plan
from tests.support.program import Program, Result
from tests.support.servers import ministack


def states(done: Result) -> dict[tuple[str, str], str]:
    return {(each["subject"], each["name"]): each["state"] for each in done.report["checks"]}


def message(done: Result, subject: str, name: str) -> str:
    (found,) = [c for c in done.report["checks"] if (c["subject"], c["name"]) == (subject, name)]
    return str(found["message"])


def test_a_healthy_plan_has_no_problem_and_nothing_is_written(
    sandbox: Aws,
    bucket: str,
    name: str,
    program: Program,
    exports: MotoExports,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Credentials, clock, tables with their recovery windows, each check of the bucket, the quota."""
    monkeypatch.setattr(exports, "started", [])  # the exports of other tests may be more than doctor lists
    sandbox.create_table(name, pitr=True)
    far = {"table": name, "to": {"table": name, "region": "eu-central-1"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"far": far}))
    with calls_of_sandbox() as calls:
        done = program.run("doctor", "--output", "json")
        text = program.run("doctor")

    assert (done.code, text.code) == (0, 0), done.err
    assert [c for c in calls if not c.operation.startswith(("Describe", "List", "Get", "Head"))] == []
    found = states(done)
    assert found["credentials", "identity"] == found["clock", "skew"] == found["quotas", "exports"] == "ok"
    assert found[f"table {name}", "recovery"] == found["destination vault", "owner"] == "ok"
    assert found["restore far", "target"] == "ok"
    assert "eu-central-1" in message(done, "restore far", "target")
    assert "35 days" in message(done, f"table {name}", "recovery")
    assert "of 300 exports" in message(done, "quotas", "exports")
    assert found["destination vault", "versioning"] == "warning"
    assert done.report["counts"]["problem"] == 0
    assert f"table {name}" in text.out
    assert "hint: enable versioning of the bucket" in text.out


def test_every_problem_is_found_in_one_run(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """One problem does not hide the others. Their exit codes differ, so the exit code is 1."""
    sandbox.create_table(f"{name}-off")
    sandbox.create_table(f"{name}-on-demand")
    rules = {
        "Rules": [{"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}]
    }
    sandbox.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
    entries: list[dict[str, Any]] = [
        {"name": f"{name}-off"},
        {"name": f"{name}-on-demand", "pitr": "enable"},
        {"name": f"{name}-gone", "destination": "lost"},
        {"match": f"{name}-no-*"},
    ]
    destinations = {
        "vault": {"bucket": bucket, "prefix": "ddb/{table}/", "require": ["object_lock"]},
        "lost": {"bucket": "no-such-bucket-anywhere"},
    }
    defaults = {"destination": "vault"}
    program.plan(plan(sandbox, bucket, tables=entries, destinations=destinations, defaults=defaults))

    done = program.run("doctor", "--output", "json")

    found = states(done)
    assert done.code == 1
    assert found[f"table {name}-off", "recovery"] == "problem"
    assert found[f"table {name}-on-demand", "recovery"] == "warning"
    assert found[f"table {name}-gone", "table"] == "problem"
    assert found["tables[3]", "selection"] == "problem"
    assert found["destination vault", "object_lock"] == "problem"
    assert found["destination vault", "lifecycle"] == "warning"
    assert "'tidy' deletes objects after 30 days" in message(done, "destination vault", "lifecycle")
    assert found["destination lost", "bucket"] == "problem"


def test_without_credentials_nothing_else_is_checked(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Exit code 77, and a result for everything that was not checked."""
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    done = program.run("doctor", "--output", "json", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert done.code == 77
    assert [each["state"] for each in done.report["checks"]] == ["problem", "unknown"]


def test_another_account_than_the_plans_is_a_problem(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Nothing of that account is checked."""
    document = json.loads(plan(sandbox, bucket, tables=[{"name": name}]))
    document["aws"]["account"] = "999999999999"
    program.plan(json.dumps(document))
    done = program.run("doctor", "--output", "json")
    assert done.code == 77
    assert "999999999999" in message(done, "credentials", "identity")


def test_a_key_is_looked_up_in_the_region_of_the_bucket(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """By its alias. A key that is scheduled for deletion is a problem."""
    kms = sandbox.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    sandbox.create_table(name, pitr=True)

    def doctor(alias: str) -> Result:
        encryption = {"algorithm": "KMS", "kms_key_id": f"alias/{alias}"}
        destinations = {"vault": {"bucket": bucket, "encryption": encryption}}
        document = json.loads(plan(sandbox, bucket, tables=[{"name": name}], destinations=destinations))
        document["aws"]["endpoint_urls"]["kms"] = sandbox.url
        program.plan(json.dumps(document))
        return program.run("doctor", "--output", "json")

    existing, missing = doctor(name), doctor(f"{name}-other")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    deleted = doctor(name)

    assert states(existing)["destination vault", "kms key"] == "ok"
    assert (missing.code, states(missing)["destination vault", "kms key"]) == (1, "problem")
    assert "PendingDeletion" in message(deleted, "destination vault", "kms key")


def test_an_independent_server_gives_the_same_results(name: str, program: Program) -> None:
    """ministack, without STS."""
    with ministack() as url:
        aws = Aws(url)
        aws.create_table(name)
        aws.create_bucket("acme-vault")
        program.plan(plan(aws, "acme-vault", tables=[{"name": name}]))
        done = program.run("doctor", "--output", "json")
        preview = program.run("preview", "--output", "json")
    assert (done.code, preview.code) == (1, 1)
    assert states(done)[f"table {name}", "recovery"] == "problem"
    assert states(done)["destination vault", "versioning"] == "warning"
    assert preview.report["backups"][0]["blockers"][0]["kind"] == "PitrDisabled"
