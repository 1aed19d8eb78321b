"""``status`` and ``list`` with tables, several plans, and destinations that cannot be read; short backup IDs."""

from __future__ import annotations

import json

from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program


def back_up(sandbox: Aws, bucket: str, program: Program, *tables: str) -> None:
    """By scans, which are quick."""
    for table in tables:
        sandbox.create_table(table)
        sandbox.put(table, {"id": {"S": "a"}})
    entries = [{"name": table, "method": "scan", "rpo": "24h"} for table in tables]
    program.plan(plan(sandbox, bucket, tables=entries))
    done = program.run("backup")
    assert done.code == 0, done.err


def test_a_name_that_matches_nothing_ends_every_verb_with_the_nearest_one(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    back_up(sandbox, bucket, program, f"{name}-orders")
    wrong, hint = f"{name}-odrers", f"use `{name}-orders` instead"
    for arguments in (
        ("status", wrong),
        ("status", "--only", wrong),
        ("list", wrong),
        ("list", "--only", wrong),
        ("verify", wrong),
        ("backup", "--only", wrong),
        ("wait", "--only", wrong),
        ("preview", "--only", wrong),
        ("prune", "--only", wrong),
        ("find", wrong, "--key", "id=a"),
        ("find", wrong, "--key", "id=a", "--history"),
        ("dump", wrong),
        ("diff", "--table", wrong),
        ("restore", "--table", wrong, "--to", f"{name}-2"),
        ("restore", "--match", wrong, "--to", "{table}-2"),
        ("preview", "restore", "--table", wrong, "--to", f"{name}-2"),
    ):
        done = program.run(*arguments)
        assert (done.code, hint in done.err + done.out) == (5, True), (
            arguments,
            done.code,
            done.err,
            done.out,
        )


def test_a_table_that_was_deleted_is_gone_not_mistyped(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """`status` names it, and answers with what brings it back if it is asked for it."""
    tables = (f"{name}-orders", f"{name}-bills")
    for table in tables:
        sandbox.create_table(table)
        sandbox.put(table, {"id": {"S": "a"}})
    program.plan(plan(sandbox, bucket, tables=[{"match": f"{name}-*", "method": "scan"}]))
    assert program.run("backup").code == 0
    sandbox.dynamodb.delete_table(TableName=tables[0])

    command = f"ddbbackup restore --table {tables[0]} --settings all"
    shown = program.run("status")
    assert (shown.code, f"gone: {tables[0]}: " in shown.out, command in shown.out) == (0, True, True)
    asked = program.run("status", tables[0])
    assert (asked.code, f"{tables[0]} does not exist any more" in asked.err, command in asked.err) == (
        5,
        True,
        True,
    )
    program.plan(
        plan(sandbox, bucket, tables=[{"name": tables[0], "method": "scan"}, {"name": f"{name}-typo"}])
    )
    ahead = program.run("backup").err
    assert f"run `{command}` if it was deleted" in ahead
    assert f"{name}-typo does not exist" in ahead
    assert ahead.count("check the name of the table") == 1
    assert program.run(*command.split()[1:]).code == 0
    assert "gone" not in program.run("status").out


def test_an_id_may_be_short_wherever_a_backup_is_named(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    back_up(sandbox, bucket, program, name)
    backup = json.loads(program.run("list", "--output", "json").out)["backups"][0]["backup"]
    for short in (backup[-8:], backup[:-3], backup[:8]):
        verified = program.run("verify", "--backup", short, "--output", "json")
        assert (verified.code, verified.facts["backup"]) == (0, backup), verified.err
        assert program.run("find", name, "--key", "id=a", "--from", short).out == '{"id": "a"}\n'
        assert program.run("dump", name, "--from", short).code == 0
        assert f"restore point {backup} of" in program.run("diff", "--table", name, "--from", short).out
        ahead = program.run("preview", "restore", "--table", name, "--to", f"{name}-2", "--from", short)
        assert (ahead.code, backup in ahead.out) == (0, True), ahead.out
    wrong = backup[:-1] + ("0" if backup[-1] != "0" else "1")
    for arguments in _naming(wrong, name):
        done = program.run(*arguments)
        assert (done.code, f"use `{backup}` instead" in done.err + done.out) == (5, True), done.err + done.out


def _naming(backup: str, table: str) -> tuple[tuple[str, ...], ...]:
    """Every command that takes the ID of a backup."""
    return (
        ("verify", "--backup", backup),
        ("find", table, "--key", "id=a", "--from", backup),
        ("dump", table, "--from", backup),
        ("diff", "--table", table, "--from", backup),
        ("restore", "--table", table, "--to", f"{table}-2", "--from", backup),
        ("preview", "restore", "--table", table, "--to", f"{table}-2", "--from", backup),
    )


def test_a_short_id_of_several_backups_is_a_usage_error_everywhere(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    back_up(sandbox, bucket, program, name)
    back_up_again = program.run("backup")
    assert back_up_again.code == 0, back_up_again.err
    backups = [each["backup"] for each in json.loads(program.run("list", "--output", "json").out)["backups"]]
    for arguments in _naming(backups[0][:8], name):
        done = program.run(*arguments)
        said = done.err + done.out
        assert (done.code, f"{backups[0][:8]} is short for 2 backups " in said) == (64, True), arguments
        assert "pass more of the ID" in said


def test_records_that_cannot_be_used_do_not_look_as_if_all_were_well(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """`status` is a probe: an older backup may be in time. The log names a few of many."""
    back_up(sandbox, bucket, program, name)
    assert (program.run("status").code, program.run("list").code) == (0, 0)
    (key,) = sandbox.record_keys(bucket, name)
    folder = key.rpartition("/")[0]
    for number in range(5):
        forged = f"{folder}/20991231T000000Z-0badcaf{number}.json"
        sandbox.s3.put_object(Bucket=bucket, Key=forged, Body=sandbox.read(bucket, key))
    status = program.run("status", "--output", "json")
    (row,) = status.report["tables"]
    assert (status.code, status.report["exit_code"], row["status"]) == (65, 65, "failed")
    listed = program.run("list", "--output", "json")
    assert (listed.code, listed.report["summary"]["states"]["unusable"]) == (65, 5)
    done = program.run("report", "--output", "json")
    assert done.code == 0, done.err
    assert len(done.named("record.rejected")) == 3
    (rest,) = done.named("records.rejected")
    assert rest["message"] == "5 records cannot be used; the first 3 are named above"
    for key in sandbox.keys(bucket, f"{folder}/20991231"):
        sandbox.s3.delete_object(Bucket=bucket, Key=key)
    assert program.run("status").code == 0


def test_a_pattern_shows_several_plans(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """One exit code, the highest. What is wrong with one plan does not hide the others."""
    back_up(sandbox, bucket, program, name)
    files = program.directory / "plans"
    files.mkdir()
    whole = (program.directory / "ddbbackup.yaml").read_text()
    (files / "a.yaml").write_text(whole)
    (files / "b.yaml").write_text(
        plan(sandbox, bucket, name="second", tables=[{"name": f"{name}-b", "rpo": "1h"}])
    )
    done = program.run("status", "-f", "plans/*.yaml", "--output", "json")
    document = json.loads(done.out)
    assert (done.code, document["exit_code"]) == (4, 4)
    assert [(each["plan"], each["files"]) for each in document["plans"]] == [
        ("test", ["plans/a.yaml"]),
        ("second", ["plans/b.yaml"]),
    ]
    rows = [(each["plan"], each["table"], each["status"]) for each in document["tables"]]
    assert rows == [("second", f"{name}-b", "never"), ("test", name, "ok")]
    assert (document["summary"]["ok"], document["summary"]["never"]) == (1, 1)

    one = program.run("status", name, "-f", "plans/*.yaml")
    assert (one.code, one.out.splitlines()[1].split()[:2]) == (0, [name, "ok"])
    none = program.run("status", f"{name}-x", "-f", "plans/*.yaml")
    assert (none.code, none.out) == (5, "")

    (files / "c.yaml").write_text("version: 1\n")
    broken = program.run("status", "-f", "plans/*.yaml")
    assert broken.code == 78
    assert "ddbbackup: the plan plans/c.yaml has " in broken.err
    assert "`ddbbackup validate -f plans/c.yaml`" in broken.err
    assert "1 ok · 1 never (" in broken.out


def test_a_destination_that_cannot_be_read_is_one_row_and_the_exit_code(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    back_up(sandbox, bucket, program, name)
    missing = f"{bucket}-missing"
    lost = [{"name": f"{name}-{each}", "destination": "lost"} for each in "abc"]
    document = json.loads(plan(sandbox, bucket, tables=[{"name": name, "destination": "vault"}, *lost]))
    document["destinations"]["lost"] = {"bucket": missing}
    program.plan(json.dumps(document))
    for verb in ("status", "list"):
        done = program.run(verb)
        rows = [line.split() for line in done.out.partition("\n\n")[0].splitlines()[1:]]
        assert [row[0] for row in rows] == ["destination:lost", name]
        assert done.code == 1
        assert "ddbbackup: the destination lost cannot be read: " in done.err
        assert "hint: create the bucket, or correct its name in the plan or on the command line\n" in done.err
        document = json.loads(program.run(verb, "--output", "json").out)
        assert [each["destination"] for each in document["unreadable"]] == ["lost"]


def test_a_record_that_somebody_changed_comes_back_with_its_version(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """As docs/how-to/expire-old-backups.md says: delete the version that is wrong."""
    sandbox.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    back_up(sandbox, bucket, program, name)
    (key,) = sandbox.record_keys(bucket, name)
    sandbox.s3.put_object(Bucket=bucket, Key=key, Body=b'{"id":')
    broken = program.run("list", "--problems")
    assert (broken.code, key in broken.out) == (65, True), broken.out
    verified = program.run("verify", "--all")
    assert "hint: restore the version of this object from before the change" in verified.out

    versions = sandbox.s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    (wrong,) = (each for each in versions if each["IsLatest"])
    sandbox.s3.delete_object(Bucket=bucket, Key=key, VersionId=wrong["VersionId"])
    assert program.run("list", "--problems").code == 0
    assert program.run("verify", "--all").code == 0
