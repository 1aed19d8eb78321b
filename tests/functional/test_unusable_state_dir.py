"""A state directory that cannot be used: restores refuse before they change anything, other verbs do not care."""

from __future__ import annotations

from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program


def test_only_restores_need_the_state_directory(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """With the variable to set; `preview` shows the same sentence, and creates nothing."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, {"id": {"S": "a"}})
    restores = {"back": {"table": name, "to": {"table": f"{name}-2"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    (program.directory / "file").write_text("")
    unusable = str(program.directory / "file" / "state")
    for verb in ("backup", "status", "list", "verify", "wait", "doctor"):
        done = program.run(verb, DDBBACKUP_STATE_DIR=unusable)
        assert done.code == 0, (verb, done.err)

    previewed = program.run("preview", "restore", "back", DDBBACKUP_STATE_DIR=unusable)
    done = program.run("restore", "back", DDBBACKUP_STATE_DIR=unusable)

    for result in (previewed, done):
        assert result.code == 1
        assert "cannot use the state directory" in result.out
        assert "hint: set DDBBACKUP_STATE_DIR to a directory" in result.out
    assert not sandbox.exists(f"{name}-2")
    assert program.run("restore", "back").code == 0
