"""``preview``, by running the program: it shows what the run does and what blocks it, and only reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.sandbox.moto_exports import MotoExports
from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.aws import Aws
from tests.support.calls import calls_of_sandbox
from tests.support.plans import plan
from tests.support.program import Program, Result

ITEMS = [{"id": {"S": str(n)}, "v": {"N": str(n)}} for n in range(30)]


def steps(done: Result, part: str = "backups") -> dict[str, Any]:
    """The steps of a preview by table."""
    return {each["table"]: each for each in done.report[part]}


def kinds(step: dict[str, Any]) -> list[str]:
    return [blocker["kind"] for blocker in step["blockers"]]


def vault(aws: Aws, bucket: str, **members: Any) -> dict[str, Any]:
    return {"vault": {"bucket": bucket, "prefix": "ddb/{table}/", **members}}


def test_a_preview_shows_the_steps_of_the_run(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """In the same order. The preview writes no record and starts no export; after the run, nothing is left to do."""
    for suffix in ("-a", "-b"):
        sandbox.create_table(name + suffix, pitr=True)
        sandbox.put(name + suffix, *ITEMS)
    program.plan(plan(sandbox, bucket, tables=[{"name": f"{name}-a"}, {"match": f"{name}-b*"}]))

    preview = program.run("preview", "--run-id", "r1", "--detailed-exitcode", "--output", "json")
    assert preview.code == 2, preview.err
    assert sandbox.keys(bucket) == []
    assert not [each for each in exports.started if name in each.table_arn]
    done = program.run("backup", "--run-id", "r1", "--output", "json")
    again = program.run("preview", "--run-id", "r1", "--detailed-exitcode", "--output", "json")

    assert [s["step"] for s in preview.report["backups"]] == [o["step"] for o in done.report["outcomes"]]
    assert {s["items"] for s in preview.report["backups"]} == {30}
    assert {s["facts"]["backup_kind"] for s in preview.report["backups"]} == {"full"}
    assert again.code == 0
    assert not any(step["changes"] for step in again.report["backups"])
    later = program.run("preview", "--output", "json")
    assert later.code == 0
    assert steps(later)[f"{name}-a"]["seconds"] > 0
    assert "the duration of the export of" in steps(later)[f"{name}-a"]["seconds_basis"]


def test_a_preview_only_reads(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """With blocked steps, with restores, and in every form: no call that writes reaches AWS."""
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


def test_the_blockers_of_a_preview_are_the_errors_of_the_run(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """With the same message, and with the exit code of the run."""
    sandbox.create_table(f"{name}-good", pitr=True)
    sandbox.create_table(f"{name}-off")
    sandbox.create_table(f"{name}-on-demand")
    entries: list[dict[str, Any]] = [{"name": f"{name}-{each}"} for each in ("good", "off", "gone")]
    entries.append({"name": f"{name}-on-demand", "pitr": "enable"})
    program.plan(plan(sandbox, bucket, tables=entries))

    preview = program.run("preview", "--output", "json")
    done = program.run("backup", "--output", "json")

    found = steps(preview)
    assert kinds(found[f"{name}-good"]) == []
    assert kinds(found[f"{name}-off"]) == ["PitrDisabled"]
    assert kinds(found[f"{name}-gone"]) == ["TableMissing"]
    assert kinds(found[f"{name}-on-demand"]) == []
    assert found[f"{name}-on-demand"]["facts"]["point_in_time_recovery"] == "enabled by the run"
    met = {outcome["table"]: outcome["error"] for outcome in done.report["outcomes"]}
    for table, error in met.items():
        told_errors = found[table]["blockers"]
        assert [each["message"] for each in told_errors] == ([error["message"]] if error else [])
    assert (preview.code, done.code) == (3, 3)


def test_a_missing_bucket_or_one_of_another_owner_blocks_the_backup(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """As in the run: exit 1 and exit 77."""
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


def test_a_kms_key_of_another_region_blocks_the_backup(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """AWS would accept the export and fail minutes later."""
    sandbox.create_table(name, pitr=True)
    key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    encryption = {"algorithm": "KMS", "kms_key_id": key}
    destinations = vault(sandbox, bucket, encryption=encryption)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], destinations=destinations))

    preview = program.run("preview", "--output", "json")

    assert preview.code == 1
    assert "is in us-east-1, but the bucket" in steps(preview)[name]["blockers"][0]["message"]


def test_a_preview_lists_tables_that_are_no_longer_selected(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """One was deleted, one no longer matches. A table that the last run did not select either is marked."""
    for suffix in ("-a", "-b", "-c", "-d"):
        sandbox.create_table(name + suffix, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"match": f"{name}-*"}]))
    assert program.run("backup").code == 0
    sandbox.dynamodb.delete_table(TableName=f"{name}-d")
    assert program.run("backup").code == 0
    assert program.run("backup", "--only", f"{name}-c").code == 0
    sandbox.dynamodb.delete_table(TableName=f"{name}-b")
    program.plan(plan(sandbox, bucket, tables=[{"match": f"{name}-*", "exclude": ["*-c"]}]))

    preview = program.run("preview", "--output", "json")

    unselected = {
        each["table"]: (each["in_last_run"], each["exists"]) for each in preview.report["unselected_tables"]
    }
    assert unselected == {f"{name}-b": (True, False), f"{name}-c": (True, True), f"{name}-d": (False, False)}
    assert preview.report["selection"][0]["tables"] == [f"{name}-a"]
    for form in ("text", "markdown"):
        text = program.run("preview", "--output", form).out
        assert "Backed up by the last run, no longer selected" in text


def test_a_preview_shows_the_common_export_time(
    sandbox: Aws, bucket: str, name: str, program: Program, clock: SandboxClock
) -> None:
    """A table whose recovery is disabled cannot have it."""
    for suffix in ("-a", "-b"):
        sandbox.create_table(name + suffix, pitr=True)
    clock.advance(3600)
    sandbox.create_table(f"{name}-off")
    tables = [{"match": f"{name}-*", "pitr": "enable"}]
    program.plan(plan(sandbox, bucket, tables=tables, export_time="common"))

    preview = program.run("preview", "--output", "json")

    found = steps(preview)
    assert found[f"{name}-a"]["facts"]["export_time"] == found[f"{name}-b"]["facts"]["export_time"]
    assert found[f"{name}-a"]["facts"]["export_time"].endswith("Z")
    assert kinds(found[f"{name}-off"]) == ["ExportTimeInvalid"]


def test_prices_of_the_user_are_used_and_named(
    sandbox: Aws, bucket: str, name: str, program: Program, tmp_path: Path
) -> None:
    """By option or by environment. A file that does not exist is a usage error."""
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
        ("restore", "copy", "--only", "x"),
        ("--from", "latest"),
        ("restore", "coppy"),
        ("drill",),
    ],
)
def test_arguments_without_meaning_are_a_usage_error(
    sandbox: Aws, bucket: str, name: str, program: Program, arguments: tuple[str, ...]
) -> None:
    """With a hint."""
    restores = {"copy": {"table": name, "to": {"table": f"{name}-2"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    done = program.run("preview", *arguments)
    assert (done.code, "hint:" in done.err) == (64, True), done.err


def test_requirements_are_enforced_before_anything_is_written(
    sandbox: Aws, bucket: str, name: str, program: Program, exports: MotoExports
) -> None:
    """`require` blocks the preview and the run until the bucket meets it."""
    sandbox.create_table(name, pitr=True)
    required = ["versioning", "public_access_block"]
    destinations = vault(sandbox, bucket, require=required)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], destinations=destinations))

    preview = program.run("preview", "--output", "json")
    done = program.run("backup", "--output", "json")

    assert (preview.code, done.code) == (1, 1)
    outcomes = {each["kind"]: each for each in done.report["outcomes"]}
    assert outcomes["check"]["status"] == "failed"
    assert "versioning is disabled" in outcomes["check"]["error"]["message"]
    assert outcomes["backup"]["status"] == "skipped"
    assert sandbox.keys(bucket) == []
    assert not [each for each in exports.started if name in each.table_arn]
    assert len(steps(preview)[name]["blockers"]) == 2

    sandbox.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    block = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    sandbox.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert program.run("preview").code == 0
    assert program.run("backup").code == 0


def test_object_lock_needs_a_default_retention(sandbox: Aws, name: str, program: Program) -> None:
    """An export cannot set a retention, so only the default of the bucket locks its objects."""
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


def test_the_json_of_a_preview_has_estimated_costs(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Marked as estimates, with the confidence and the source of each price."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    report = json.loads(program.run("preview", "--output", "json").out)
    cost = report["totals"]["cost"]
    assert cost["estimate"] is True
    assert [line["name"] for line in cost["lines"]] == ["full_export"]
    assert cost["lines"][0]["confidence"] == "fair"
    assert report["prices"]["region"] == "us-east-1"


def test_a_preview_of_a_restore_shows_every_method_and_the_settings(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Without a backup it is blocked, and after the restore it is blocked because the target holds items."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, *ITEMS)
    arn = sandbox.dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    sandbox.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "a"}])
    to = {"table": f"{name}-2", "settings": ["tags"]}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores={"copy": {"table": name, "to": to}}))

    before = program.run("preview", "restore", "copy", "--output", "json")
    assert program.run("backup").code == 0
    preview = program.run("preview", "restore", "copy", "--detailed-exitcode", "--output", "json")
    restored = program.run("restore", "copy", "--output", "json")
    again = program.run("preview", "restore", "copy", "--output", "json")

    assert (before.code, kinds(steps(before, "restores")[f"{name}-2"])) == (5, ["NothingSelected"])
    step = steps(preview, "restores")[f"{name}-2"]
    assert (preview.code, step["items"], step["blockers"]) == (2, 30, [])
    methods = {each["method"]: each for each in step["facts"]["candidates"]}
    assert {"write", "import", "bulk-put", "point-in-time", "snapshot"} == set(methods)
    assert [name for name, each in methods.items() if each["chosen"]] == ["write"]
    settings = {each["setting"]: each["verdict"] for each in step["facts"]["settings"]}
    assert (settings["tags"], settings["pitr"]) == ("would be applied", "skipped")
    assert restored.code == 0, restored.out
    assert restored.facts["method"] == step["facts"]["method"]
    after = steps(again, "restores")[f"{name}-2"]
    assert (again.code, "already holds items" in after["blockers"][0]["message"]) == (
        1,
        True,
    )


def test_blocked_restores_do_not_change_the_exit_code_of_a_preview_of_backups(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """A new plan has nothing to restore yet, which is no reason to reject it."""
    sandbox.create_table(name, pitr=True)
    restores = {"copy": {"table": name, "to": {"table": f"{name}-2"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    preview = program.run("preview", "--output", "json")
    assert preview.code == 0
    assert kinds(steps(preview, "restores")[f"{name}-2"]) == ["NothingSelected"]
    assert program.run("preview", "restore", "copy").code == 5
