"""``preview`` as the program does it: what it foretells, what it says is in the way, and that it only reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.sandbox.moto_exports import MotoExports
from tests.support.aws import Aws
from tests.support.calls import calls_of_sandbox
from tests.support.plans import plan
from tests.support.program import Program, Result

ITEMS = [{"id": {"S": str(n)}, "v": {"N": str(n)}} for n in range(30)]


def steps(done: Result, part: str = "backups") -> dict[str, Any]:
    """The foretold steps by table."""
    return {each["table"]: each for each in done.report[part]}


def kinds(step: dict[str, Any]) -> list[str]:
    return [blocker["kind"] for blocker in step["blockers"]]


def vault(aws: Aws, bucket: str, **members: Any) -> dict[str, Any]:
    return {"vault": {"bucket": bucket, "prefix": "ddb/{table}/", **members}}


def test_what_is_foretold_is_what_the_run_then_does(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """The same steps, in the same order; before the run no record and no export exists, after it nothing is to do."""
    for suffix in ("-a", "-b"):
        sandbox.create_table(name + suffix, pitr=True)
        sandbox.put(name + suffix, *ITEMS)
    program.plan(plan(sandbox, bucket, tables=[{"name": f"{name}-a"}, {"match": f"{name}-b*"}]))

    told = program.run("preview", "--run-id", "r1", "--detailed-exitcode", "--output", "json")
    assert told.code == 2, told.err
    assert sandbox.keys(bucket) == []
    assert not [each for each in exports.started if name in each.table_arn]
    done = program.run("backup", "--run-id", "r1", "--output", "json")
    again = program.run("preview", "--run-id", "r1", "--detailed-exitcode", "--output", "json")

    assert [s["step"] for s in told.report["backups"]] == [o["step"] for o in done.report["outcomes"]]
    assert {s["items"] for s in told.report["backups"]} == {30}
    assert {s["facts"]["backup_kind"] for s in told.report["backups"]} == {"full"}
    assert again.code == 0
    assert not any(step["changes"] for step in again.report["backups"])
    later = program.run("preview", "--output", "json")
    assert later.code == 0
    assert steps(later)[f"{name}-a"]["seconds"] > 0
    assert "took" in steps(later)[f"{name}-a"]["seconds_basis"]


def test_a_preview_only_reads(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """Whatever is blocked or not, with restores, in every form: no call that writes reaches AWS."""
    sandbox.create_table(name, pitr=True)
    sandbox.create_table(f"{name}-off")
    sandbox.put(name, *ITEMS)
    tables = [{"name": name}, {"name": f"{name}-off", "pitr": "enable"}, {"match": f"{name}-no-*"}]
    restores = {
        "copy": {"table": name, "to": {"table": f"{name}-2"}},
        "over": {"table": name, "to": {"table": name}, "existing": "overwrite"},
    }
    program.plan(plan(sandbox, bucket, tables=tables, restores=restores))
    program.run("backup")
    with calls_of_sandbox() as calls:
        for form in ("text", "json", "markdown"):
            assert program.run("preview", "--output", form).code == 3
        assert program.run("preview", "restore", "copy").code == 0
    assert {"DescribeTable", "ListObjectsV2", "GetObject"} <= {call.operation for call in calls}
    reading = ("Describe", "List", "Get", "Head")
    assert [call for call in calls if not call.operation.startswith(reading)] == []


def test_obstacles_are_those_that_the_run_would_meet(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Each with the hint of the run's own error, and with the run's exit code."""
    sandbox.create_table(f"{name}-good", pitr=True)
    sandbox.create_table(f"{name}-off")
    sandbox.create_table(f"{name}-on-demand")
    entries: list[dict[str, Any]] = [{"name": f"{name}-{each}"} for each in ("good", "off", "gone")]
    entries.append({"name": f"{name}-on-demand", "pitr": "enable"})
    program.plan(plan(sandbox, bucket, tables=entries))

    told = program.run("preview", "--output", "json")
    done = program.run("backup", "--output", "json")

    found = steps(told)
    assert kinds(found[f"{name}-good"]) == []
    assert kinds(found[f"{name}-off"]) == ["PitrDisabled"]
    assert kinds(found[f"{name}-gone"]) == ["TableMissing"]
    assert kinds(found[f"{name}-on-demand"]) == []
    assert found[f"{name}-on-demand"]["facts"]["point_in_time_recovery"] == "turned on by the run"
    met = {outcome["table"]: outcome["error"] for outcome in done.report["outcomes"]}
    for table, error in met.items():
        told_errors = found[table]["blockers"]
        assert [each["message"] for each in told_errors] == ([error["message"]] if error else [])
    assert (told.code, done.code) == (3, 3)


def test_a_bucket_that_is_missing_or_not_ours_is_in_the_way(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """One blocks as it is not there, one as another account is said to own it."""
    sandbox.create_table(name, pitr=True)
    tables = [{"name": name}]
    program.plan(plan(sandbox, "no-such-bucket-anywhere", tables=tables))
    missing = program.run("preview", "--output", "json")
    destinations = vault(sandbox, bucket, bucket_owner="999999999999")
    program.plan(plan(sandbox, bucket, tables=tables, destinations=destinations))
    foreign = program.run("preview", "--output", "json")

    assert (missing.code, kinds(steps(missing)[name])) == (1, ["ObjectMissing"])
    assert (foreign.code, kinds(steps(foreign)[name])) == (77, ["AccessDenied"])
    assert "999999999999" in steps(foreign)[name]["blockers"][0]["message"]


def test_a_key_of_another_region_is_in_the_way(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """AWS would accept the export, and fail it minutes later."""
    sandbox.create_table(name, pitr=True)
    key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    encryption = {"algorithm": "KMS", "kms_key_id": key}
    destinations = vault(sandbox, bucket, encryption=encryption)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], destinations=destinations))

    told = program.run("preview", "--output", "json")

    assert told.code == 1
    assert "is in us-east-1, but the bucket" in steps(told)[name]["blockers"][0]["message"]


def test_tables_that_the_selectors_lost_are_named(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """One was deleted, one no longer matches; a table that was lost before the last run is told apart."""
    for suffix in ("-a", "-b", "-c", "-d"):
        sandbox.create_table(name + suffix, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"match": f"{name}-*"}]))
    assert program.run("backup").code == 0
    sandbox.dynamodb.delete_table(TableName=f"{name}-d")
    assert program.run("backup").code == 0
    assert program.run("backup", "--only", f"{name}-c").code == 0
    sandbox.dynamodb.delete_table(TableName=f"{name}-b")
    program.plan(plan(sandbox, bucket, tables=[{"match": f"{name}-*", "exclude": ["*-c"]}]))

    told = program.run("preview", "--output", "json")

    unselected = {
        each["table"]: (each["in_last_run"], each["exists"]) for each in told.report["unselected_tables"]
    }
    assert unselected == {f"{name}-b": (True, False), f"{name}-c": (True, True), f"{name}-d": (False, False)}
    assert told.report["selection"][0]["tables"] == [f"{name}-a"]
    for form in ("text", "markdown"):
        said = program.run("preview", "--output", form).out
        assert "Backed up by the last run, no longer selected" in said


def test_a_common_time_is_foretold_and_a_table_without_recovery_cannot_have_it(
    sandbox: Aws, bucket: str, name: str, program: Program, age_recovery: Callable[[str, float], None]
) -> None:
    """All tables as of one instant."""
    for suffix in ("-a", "-b"):
        sandbox.create_table(name + suffix, pitr=True)
        age_recovery(name + suffix, 3600)
    sandbox.create_table(f"{name}-off")
    tables = [{"match": f"{name}-*", "pitr": "enable"}]
    program.plan(plan(sandbox, bucket, tables=tables, export_time="common"))

    told = program.run("preview", "--output", "json")

    found = steps(told)
    assert found[f"{name}-a"]["facts"]["export_time"] == found[f"{name}-b"]["facts"]["export_time"]
    assert found[f"{name}-a"]["facts"]["export_time"].endswith("Z")
    assert kinds(found[f"{name}-off"]) == ["ExportTimeInvalid"]


def test_prices_of_ones_own_are_used_and_named(
    sandbox: Aws, bucket: str, name: str, program: Program, tmp_path: Path
) -> None:
    """By flag or by environment; a file that is none is a usage error."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    own = tmp_path / "prices.yaml"
    own.write_text("format_version: 1\nas_of: '2027-01'\nregion: eu-west-1\nrates: {full_export: 0.2}\n")

    by_flag = program.run("preview", "--prices", str(own), "--output", "json")
    by_environment = program.run("preview", DDBBACKUP_PRICES=str(own))
    broken = program.run("preview", "--prices", "nowhere.yaml")

    assert by_flag.report["prices"] == {"as_of": "2027-01", "region": "eu-west-1", "file": str(own)}
    assert "at eu-west-1 prices of 2027-01" in by_environment.out
    assert (broken.code, "nowhere.yaml" in broken.err) == (64, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("restore",),
        ("backup", "x"),
        ("restore", "copy", "--only", "x"),
        ("--from", "latest"),
        ("restore", "coppy"),
        ("drill",),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    sandbox: Aws, bucket: str, name: str, program: Program, arguments: tuple[str, ...]
) -> None:
    """With a hint, before or without AWS."""
    restores = {"copy": {"table": name, "to": {"table": f"{name}-2"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    done = program.run("preview", *arguments)
    assert (done.code, "hint:" in done.err) == (64, True), done.err


def test_requirements_are_enforced_before_anything_is_written(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """`require` blocks the preview and the run alike; once the bucket is as it should be, both go through."""
    sandbox.create_table(name, pitr=True)
    wanted = ["versioning", "public_access_block"]
    destinations = vault(sandbox, bucket, require=wanted)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], destinations=destinations))

    told = program.run("preview", "--output", "json")
    done = program.run("backup", "--output", "json")

    assert (told.code, done.code) == (1, 1)
    outcomes = {each["kind"]: each for each in done.report["outcomes"]}
    assert outcomes["check"]["status"] == "failed"
    assert "versioning is off" in outcomes["check"]["error"]["message"]
    assert outcomes["backup"]["status"] == "skipped"
    assert sandbox.keys(bucket) == []
    assert not [each for each in exports.started if name in each.table_arn]
    assert len(steps(told)[name]["blockers"]) == 2

    sandbox.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    block = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    sandbox.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert program.run("preview").code == 0
    assert program.run("backup").code == 0


def test_object_lock_without_a_default_retention_locks_nothing(
    sandbox: Aws, name: str, program: Program
) -> None:
    """An export cannot ask for a retention of its own, so the bucket's default has to."""
    bucket = f"{name}-locked"
    where = {"LocationConstraint": "eu-west-1"}
    sandbox.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True)
    sandbox.create_table(name, pitr=True)
    destinations = vault(sandbox, bucket, require=["object_lock"])
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], destinations=destinations))
    without = program.run("backup", "--output", "json")
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    sandbox.s3.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    with_one = program.run("backup", "--output", "json")

    assert without.code == 1
    check = next(each for each in without.report["outcomes"] if each["kind"] == "check")
    assert "no default retention" in check["error"]["message"]
    assert with_one.code == 0, with_one.out


def test_the_json_of_a_foretold_run_is_readable_as_documented(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Numbers that say that they are estimates, and what they rest on."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    report = json.loads(program.run("preview", "--output", "json").out)
    cost = report["totals"]["cost"]
    assert cost["estimate"] is True
    assert [line["name"] for line in cost["lines"]] == ["full_export"]
    assert cost["lines"][0]["confidence"] == "fair"
    assert report["prices"]["region"] == "us-east-1"


def test_a_restore_is_foretold_with_every_method_and_the_settings(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Before the first backup it is blocked; then methods and settings are named; afterwards the target is full."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    arn = sandbox.dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    sandbox.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "a"}])
    to = {"table": f"{name}-2", "settings": ["tags"]}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"copy": {"table": name, "to": to}}))

    before = program.run("preview", "restore", "copy", "--output", "json")
    assert program.run("backup").code == 0
    told = program.run("preview", "restore", "copy", "--detailed-exitcode", "--output", "json")
    restored = program.run("restore", "copy", "--output", "json")
    again = program.run("preview", "restore", "copy", "--output", "json")

    assert (before.code, kinds(steps(before, "restores")[f"{name}-2"])) == (1, ["Refused"])
    step = steps(told, "restores")[f"{name}-2"]
    assert (told.code, step["items"], step["blockers"]) == (2, 30, [])
    methods = {each["method"]: each for each in step["facts"]["candidates"]}
    assert {"write", "import", "bulk-put", "point-in-time"} == set(methods)
    assert [name for name, each in methods.items() if each["chosen"]] == ["write"]
    settings = {each["setting"]: each["verdict"] for each in step["facts"]["settings"]}
    assert (settings["tags"], settings["pitr"]) == ("would be put back", "skipped")
    assert restored.code == 0, restored.out
    assert restored.report["outcomes"][0]["facts"]["method"] == step["facts"]["method"]
    after = steps(again, "restores")[f"{name}-2"]
    assert (again.code, "already holds items, and the plan says" in after["blockers"][0]["message"]) == (
        1,
        True,
    )


def test_restores_do_not_decide_over_the_backups_of_a_plan(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """A new plan has nothing to restore from yet, and that is no reason to reject it."""
    sandbox.create_table(name, pitr=True)
    restores = {"copy": {"table": name, "to": {"table": f"{name}-2"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    told = program.run("preview", "--output", "json")
    assert told.code == 0
    assert kinds(steps(told, "restores")[f"{name}-2"]) == ["Refused"]
    assert program.run("preview", "restore", "copy").code == 1
