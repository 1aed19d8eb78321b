"""``init``, by running the program: an example, or a plan of the tables that exist."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import pytest
from jsonschema import Draft202012Validator

from ddbbackup.plan.schemas import schema_text
from tests.support.aws import Aws
from tests.support.calls import calls_of_sandbox
from tests.support.language_server import language_server
from tests.support.program import Program, Result

REGION = "ap-south-1"
"""Tables of other tests are elsewhere."""


@pytest.fixture(scope="module")
def prefix(sandbox: Aws) -> str:
    """That of the only tables of the Region: two with recovery and one without; `orders` and `carts` are tagged."""
    prefix = f"i-{uuid.uuid4().hex[:8]}"
    client = sandbox.client("dynamodb", REGION)
    for table in ("orders", "users", "carts"):
        made = client.create_table(
            TableName=f"{prefix}-{table}",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            Tags=[{"Key": "owner", "Value": prefix}] if table != "users" else [],
        )
        client.get_waiter("table_exists").wait(TableName=made["TableDescription"]["TableName"])
        if table != "carts":
            enabled = {"PointInTimeRecoveryEnabled": True}
            client.update_continuous_backups(
                TableName=f"{prefix}-{table}", PointInTimeRecoverySpecification=enabled
            )
    return prefix


@pytest.fixture
def run(sandbox: Aws, program: Program) -> Callable[..., Result]:
    """Runs a verb with the sandbox and the Region in the environment, as `init` finds them."""

    def run(*words: str) -> Result:
        return program.run(*words, AWS_ENDPOINT_URL=sandbox.url, AWS_DEFAULT_REGION=REGION)

    return run


def test_a_plan_of_the_account_is_valid_and_previewed(
    bucket: str, program: Program, prefix: str, run: Callable[..., Result]
) -> None:
    """All tables by name. The one without recovery is blocked until somebody decides, as its comment says."""
    orders, users, carts = (f"{prefix}-{each}" for each in ("orders", "users", "carts"))
    with calls_of_sandbox() as calls:
        done = run("init", "--from-account", "--bucket", bucket, "-f", "plans/new.yaml", "--output", "json")
    assert done.code == 0, done.err
    assert {call.operation for call in calls} == {
        "GetCallerIdentity",
        "ListTables",
        "DescribeContinuousBackups",
    }
    Draft202012Validator(json.loads(schema_text("init"))).validate(done.report)
    assert carts in done.report["without_recovery"]
    assert orders not in done.report["without_recovery"]

    assert run("validate", "-f", "plans/new.yaml").code == 0
    only = ("--only", f"{prefix}-*")
    blocked = run("preview", "-f", "plans/new.yaml", *only, "--output", "json")
    steps = {step["table"]: [each["kind"] for each in step["blockers"]] for step in blocked.report["backups"]}
    assert steps == {orders: [], users: [], carts: ["PitrDisabled"]}

    path = program.directory / "plans" / "new.yaml"
    text = path.read_text(encoding="utf-8")
    here = text.index(f"- name: {carts}\n")
    path.write_text(text[:here] + text[here:].replace("# method: scan", "method: scan", 1), encoding="utf-8")
    assert run("validate", "-f", "plans/new.yaml").code == 0
    assert run("preview", "-f", "plans/new.yaml", *only).code == 0


def test_tables_with_a_tag_are_one_entry(
    bucket: str, program: Program, prefix: str, run: Callable[..., Result]
) -> None:
    """Which also selects the tables of tomorrow; it expects at least those of today."""
    orders, carts = f"{prefix}-orders", f"{prefix}-carts"
    done = run("init", "--from-account", "--tag", f"owner={prefix}")
    assert done.code == 0, done.err
    assert f"2 tables of account 123456789012, region {REGION}" in done.out
    assert f"1 table without point-in-time recovery, which exports need: {carts}" in done.out
    assert "set the bucket" in done.out
    text = (program.directory / "ddbbackup.yaml").read_text(encoding="utf-8")
    assert "expect: {min: 2}" in text
    assert orders not in text
    shown = run("preview", "--output", "json")
    assert shown.report["selection"][0]["tables"] == sorted((orders, carts))


def test_names_that_match_are_one_entry(program: Program, prefix: str, run: Callable[..., Result]) -> None:
    done = run("init", "--from-account", "--match", f"{prefix}-o*")
    assert done.code == 0, done.err
    assert f"match: {prefix}-o*" in (program.directory / "ddbbackup.yaml").read_text().replace('"', "")


def test_an_editor_accepts_every_plan_that_init_writes(
    bucket: str, program: Program, prefix: str, run: Callable[..., Result]
) -> None:
    """With the schema of the program."""
    assert run("schema", "--output", "ddbbackup.schema.json").code == 0
    flavours = [
        (),
        ("--from-account",),
        ("--from-account", "--bucket", bucket),
        ("--from-account", "--tag", f"owner={prefix}"),
        ("--from-account", "--match", f"{prefix}-*"),
    ]
    documents = {}
    for number, flavour in enumerate(flavours):
        path = program.directory / f"{number}.yaml"
        done = run("init", "-f", path.name, *flavour)
        assert done.code == 0, done.err
        documents[path] = path.read_text(encoding="utf-8")
    with language_server(program.directory) as server:
        found = server.diagnostics(documents)
    assert list(found.values()) == [[]] * len(flavours)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--tag", "a=b"), 64, "--tag needs --from-account"),
        (("--bucket", "b-b-b"), 64, "--bucket needs --from-account"),
        (("--from-account", "--tag", "a"), 64, "is not a tag with its value"),
        (("--from-account", "--tag", "a=b", "--match", "*"), 64, "two ways to select tables"),
        (("--from-account", "--tag", "no-such-tag=x"), 5, "has no table that has these tags"),
        (("--from-account", "--match", "no-such-*"), 5, "has no table that matches no-such-*"),
        (("--from-account", "--match", ""), 64, "--match is empty"),
        (("--from-account", "--bucket", "Not_A_Bucket"), 64, "destinations.vault.bucket"),
    ],
)
def test_what_cannot_be_written_is_said(
    program: Program, prefix: str, run: Callable[..., Result], words: tuple[str, ...], code: int, message: str
) -> None:
    """And no file is there."""
    done = run("init", *words)
    assert (done.code, message in done.err, "hint: " in done.err) == (code, True, True), done.err
    assert not (program.directory / "ddbbackup.yaml").exists()


def test_a_file_is_never_overwritten(program: Program, run: Callable[..., Result]) -> None:
    """And AWS is not asked for it."""
    program.plan("version: 1\n")
    with calls_of_sandbox() as calls:
        done = run("init", "--from-account")
    assert (done.code, "already exists" in done.err, calls) == (1, True, [])
