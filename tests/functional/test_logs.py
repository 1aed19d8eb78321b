"""The events of the log match their schema."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from ddbbackup.plan.schemas import schema_text
from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program


def test_events_report_and_record_match_their_schemas(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Of a backup with one failure, and a restore."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, {"id": {"S": "a"}})
    restores = {"back": {"table": name, "to": {"table": f"{name}-2"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}, {"name": f"{name}-gone"}], restores=restores))

    runs = [program.run("backup", "--output", "json"), program.run("restore", "back", "--output", "json")]

    event = Draft202012Validator(json.loads(schema_text("event")))
    report = Draft202012Validator(json.loads(schema_text("report")))
    for done in runs:
        assert done.events
        assert len(done.events) == len(done.err.splitlines()), "every line is an event"
        for each in done.events:
            event.validate(each)
            assert all(not isinstance(value, dict) for value in each.values()), "fields are flat"
        report.validate(done.report)
    (key,) = [key for key in sandbox.record_keys(bucket, name) if key.endswith(".json")]
    Draft202012Validator(json.loads(schema_text("record"))).validate(json.loads(sandbox.read(bucket, key)))
    ends = [done.named("run.completed")[0]["exit_code"] for done in runs]
    assert ends == [3, 0]


def test_the_log_is_readable_on_request(sandbox: Aws, bucket: str, name: str, program: Program) -> None:
    """`--log-format console`; NO_COLOR turns colors off."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    done = program.run("backup", "--log-format", "console", NO_COLOR="1")
    assert done.code == 0
    assert "export.started" in done.err
    assert "\x1b[" not in done.err + done.out
    assert not done.events
