"""``preview --against``, by running the program: what a plan changes, compared with a commit or another file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ddbbackup.plan.schemas import schema_text
from tests.support.aws import Aws
from tests.support.git import commit
from tests.support.plans import plan
from tests.support.program import Program

RETENTION = {"keep_last": 5}


def changes(report: dict[str, Any], subject: str = "table") -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in report["against"]["changes"] if each["subject"] == subject}


def test_a_pull_request_shows_what_it_changes(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """One table is new, one has another RPO and less retention, one is gone; the catalog says what that means."""
    old, new, changed, same = (f"{name}-{each}" for each in ("old", "new", "changed", "same"))
    for table in (old, new, changed, same):
        sandbox.create_table(table, pitr=True)
        sandbox.put(table, {"id": {"S": "1"}})
    defaults = {"rpo": "24h", "retention": RETENTION}
    before = [{"name": table} for table in (old, changed, same)]
    program.plan(plan(sandbox, bucket, tables=before, defaults=defaults))
    head = commit(program.directory)
    for _ in range(2):
        assert program.run("backup").code == 0
    weaker = {"name": changed, "rpo": "1h", "retention": {"keep_last": 1}}
    after = [{"name": new}, weaker, {"name": same}]
    program.plan(plan(sandbox, bucket, tables=after, defaults=defaults))

    done = program.run("preview", "--against", "main", "--output", "json")

    assert done.code == 0, done.err
    Draft202012Validator(json.loads(schema_text("preview"))).validate(done.report)
    against = done.report["against"]
    assert (against["reference"], against["commit"], against["unchanged_tables"]) == ("main", head, 1)
    found = changes(done.report)
    assert {table: each["change"] for table, each in found.items()} == {
        new: "added",
        changed: "changed",
        old: "removed",
    }
    assert (found[old]["backups"], found[old]["place"]) == (2, f"s3://{bucket}/ddb/{old}/")
    assert found[changed]["keys"] == [
        {"key": "rpo", "before": "24h", "after": "1h"},
        {"key": "retention.keep_last", "before": "5", "after": "1"},
    ]
    assert (found[changed]["risks"], found[changed]["removed"]) == (["weaker-retention"], 1)
    text = program.run("preview", "--against", "main").out
    assert f"Changes against main ({head[:12]}): 1 removed, 1 changed, 1 added" in text
    assert f"- {old}" in text
    assert f"NO LONGER BACKED UP (2 backups stay in s3://{bucket}/ddb/{old}/)" in text
    assert "rpo 24h → 1h, retention.keep_last 5 → 1" in text
    assert "retention is weaker: `prune` would remove 1 more restore point" in text
    assert "first full export ≈ " in text
    assert "1 table unchanged" in text
    markdown = program.run("preview", "--against", head, "--output", "markdown").out
    assert f"+ {new}" in markdown
    assert f"- {old}" in markdown
    assert f"! {changed}" in markdown


def test_a_moved_table_and_another_method_are_said_clearly(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Compared with a second file."""
    sandbox.create_table(name, pitr=True)
    tables = [{"name": name}]
    program.plan(plan(sandbox, bucket, tables=tables), "old.yaml")
    assert program.run("backup", "-f", "old.yaml").code == 0
    other = {"vault": {"bucket": bucket, "prefix": "other/{table}/"}}
    tables = [{"name": name, "method": "scan"}]
    program.plan(plan(sandbox, bucket, tables=tables, destinations=other))

    done = program.run("preview", "--against", "old.yaml", "--output", "json")

    [change] = changes(done.report).values()
    assert (done.code, done.report["against"]["commit"]) == (0, None)
    assert (change["risks"], change["backups"]) == (["moved", "other-method"], 1)
    text = program.run("preview", "--against", "old.yaml").out
    assert f"s3://{bucket}/ddb/{name}/ → s3://{bucket}/other/{name}/" in text
    assert (
        "the destination changes: the next backup is the first one there, and 1 earlier backup stays" in text
    )
    assert "the method changes: each run reads the whole table" in text


def test_several_files_and_folders_of_a_commit(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Each `-f` is read from the commit, relative to where it is in the working tree; a new file is not there."""
    folder = program.directory / "plans"
    folder.mkdir()
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], defaults={"rpo": "24h"}), "plans/base.yaml")
    commit(program.directory)
    program.plan(json.dumps({"defaults": {"rpo": "1h"}}), "plans/prod.yaml")
    sandbox.create_table(name, pitr=True)

    files = ("-f", str(folder / "base.yaml"), "-f", "plans/prod.yaml")
    done = program.run("preview", *files, "--against", "HEAD", "--output", "json")

    assert done.code == 0, done.err
    assert done.report["against"]["missing_files"] == ["plans/prod.yaml"]
    assert changes(done.report)[name]["keys"] == [{"key": "rpo", "before": "24h", "after": "1h"}]
    assert (
        "plans/prod.yaml is not in HEAD, which is compared without it"
        in program.run("preview", *files, "--against", "HEAD").out
    )


def test_a_catalog_that_cannot_be_read_is_a_note(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """The comparison is shown nevertheless: the bucket of the earlier plan does not exist anymore."""
    sandbox.create_table(name, pitr=True)
    gone = {"vault": {"bucket": f"{bucket}-gone", "prefix": "ddb/{table}/"}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], destinations=gone), "old.yaml")
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))

    done = program.run("preview", "--against", "old.yaml", "--output", "json")

    assert done.code == 0, done.err
    [note] = done.report["against"]["notes"]
    assert note.startswith(f"could not read the backups of {name}: ")
    assert changes(done.report)[name]["backups"] is None
    assert (
        "and the backups so far stay in the old place" in program.run("preview", "--against", "old.yaml").out
    )


def test_a_new_plan_is_all_new(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """The first pull request, whose base has no plan."""
    commit(program.directory)
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    done = program.run("preview", "--against", "main", "--output", "json")
    assert (done.code, done.report["against"]["is_new"]) == (0, True)
    assert changes(done.report)[name]["change"] == "added"
    assert (
        "ddbbackup.yaml is not in main: everything is new" in program.run("preview", "--against", "main").out
    )


def test_what_cannot_be_compared_is_said_in_one_sentence(
    sandbox: Aws, bucket: str, name: str, program: Program, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With a hint, before AWS is asked for anything."""
    text = plan(sandbox, bucket, tables=[{"name": name}])
    program.plan(text)
    outside = program.run("preview", "--against", "main")
    assert outside.code == 64
    assert "is not in a git repository" in outside.err

    program.plan(text.replace('"version": 1', '"version": 7'))
    commit(program.directory)
    program.plan(text)
    unknown = program.run("preview", "--against", "origin/mian")
    near = program.run("preview", "--against", "mian")
    option = program.run("preview", "--against=--upload-pack=x")
    program.plan("version: 7\n", "other.yaml")
    invalid = program.run("preview", "--against", "other.yaml")
    stdin = program.run_process("preview", "-f", "-", "--against", "main", stdin=text)
    empty = program.run("preview", "--against", "")
    of_restore = program.run("preview", "prune", "--against", "main")
    without_git = program.run("preview", "--against", "main", PATH=str(tmp_path_factory.mktemp("empty")))

    assert (unknown.code, near.code, option.code) == (64, 64, 64)
    assert "origin/mian is neither a file nor a commit of the git repository of the plan" in unknown.err
    assert "git fetch origin mian" in unknown.err
    assert "hint: use `main` instead" in near.err
    assert invalid.code == 78
    assert "other.yaml:1:" in invalid.err
    assert "the plan of other.yaml is invalid, so this plan cannot be compared with it" in invalid.err
    assert (stdin.code, of_restore.code, empty.code) == (64, 64, 64)
    assert (without_git.code, "git is not installed" in without_git.err) == (1, True)
    assert all("hint: " in each.err for each in (outside, unknown, invalid, stdin, of_restore, without_git))


def test_a_change_that_repairs_a_plan_is_previewed(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Though it cannot be compared: a note says why, in every form."""
    sandbox.create_table(name, pitr=True)
    text = plan(sandbox, bucket, tables=[{"name": name}])
    program.plan(text.replace('"version": 1', '"version": 7'))
    commit(program.directory)
    program.plan(text)

    done = program.run("preview", "--against", "main", "--output", "json", "--output", "markdown=body.md")

    assert done.code == 0, done.err
    (note,) = [each for each in done.report["notes"] if "not compared" in each]
    assert "that of main, which is invalid: main:ddbbackup.yaml:" in note
    assert done.report["against"] is None
    assert "which is invalid" in (program.directory / "body.md").read_text(encoding="utf-8")


def test_values_of_the_environment_are_not_shown(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """In no form; the text of the plan stands for them."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name, "rpo": "24h"}]), "old.yaml")
    ops = {"ops": {"slack": {"webhook_url": "${SLACK_URL}"}}}
    program.plan(
        plan(sandbox, bucket, tables=[{"name": name, "rpo": "${TOP_SECRET_RPO}"}], notifications=ops)
    )
    hook = "https://hooks.slack.com/services/T/B/hushhush"
    for form in ("text", "json", "markdown"):
        done = program.run(
            "preview", "--against", "old.yaml", "--output", form, TOP_SECRET_RPO="77h", SLACK_URL=hook
        )
        assert done.code == 0, done.err
        assert "${TOP_SECRET_RPO}" in done.out.replace("\\", "")
        assert "77h" not in done.out + done.err
        assert "hushhush" not in done.out + done.err
