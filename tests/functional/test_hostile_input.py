"""What a bucket, a plan or a command line holds cannot act on a terminal, forge a line or command a CI system."""

from __future__ import annotations

import json
import unicodedata

import pytest

from ddbbackup.cli.verbs import VERBS
from tests.support.aws import REGION, Aws, md5
from tests.support.plans import plan
from tests.support.program import Program, Result

HOSTILE = "x\x1b[2J\x9b\u202e\u2028\n::error::forged\r##[error]forged"
HOSTILE_KEY = "x\x1b[2J\x9b\u202e::error::forged##[error]forged"  # S3 servers refuse newlines
VALIDATE_FORMS = VERBS["validate"].forms


def assert_harmless(done: Result, form: str = "text") -> None:
    """GitHub's form consists of commands, and each is one of ours."""
    for text in (done.out, done.err):
        assert [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl") and c != "\n"] == []
        assert "##[" not in text
        starts = [line for line in text.split("\n") if line.lstrip().startswith("::")]
        assert [line for line in starts if form != "github" or line.startswith("::error::forged")] == []
    assert "Traceback" not in done.err


@pytest.mark.parametrize("form", VALIDATE_FORMS)
def test_a_plan_with_hostile_keys_values_and_names(program: Program, form: str) -> None:
    """Its problems quote them, in every form."""
    document = {
        "version": 1,
        "name": HOSTILE,
        HOSTILE: {"x": HOSTILE},
        "destinations": {HOSTILE: {"bucket": HOSTILE, "prefix": f"{{{HOSTILE}}}"}},
        "tables": [{"name": HOSTILE, HOSTILE: 1}, {"match": "a", "rpo": HOSTILE}],
        "restores": {HOSTILE: {"table": HOSTILE, "from": HOSTILE, "to": {}}},
        "notifications": {HOSTILE: {"webhook": {"url": HOSTILE}}},
    }
    program.plan(json.dumps(document), HOSTILE.replace("/", "-"))
    done = program.run("validate", "-f", HOSTILE, "--output", form)
    assert done.code == 78
    assert_harmless(done, form)
    program.plan(json.dumps({"x-note": HOSTILE, "version": 1, "name": "p"} | valid_members()))
    assert_harmless(program.run("show", "--output", "json" if form == "json" else "text"))


def valid_members() -> dict[str, object]:
    return {"destinations": {"v": {"bucket": "acme-vault"}}, "tables": [{"name": "orders"}]}


@pytest.mark.parametrize(
    "arguments",
    [
        [HOSTILE],
        ["backup", HOSTILE],
        ["backup", "--run-id", HOSTILE],
        ["backup", "--output", HOSTILE],
        ["backup", "--output", f"json=file/{HOSTILE}"],
        ["backup", "-f", HOSTILE],
        ["restore", HOSTILE],
        ["restore", "back", "--from", HOSTILE],
        ["status", "--only", HOSTILE, "-f", "plan.yaml"],
        ["list", "--log-format", HOSTILE],
        ["schema", HOSTILE],
        ["init", "-f", f"file/{HOSTILE}"],
        ["backup", "-f", "\udc80\udcff"],
    ],
)
def test_a_hostile_argument(program: Program, arguments: list[str]) -> None:
    """The message quotes it on one line."""
    program.plan(json.dumps({"version": 1, "name": "p"} | valid_members()))
    (program.directory / "file").write_text("")
    done = program.run(*arguments)
    assert done.code != 0
    assert done.code != 70
    assert_harmless(done)


def test_a_bucket_with_hostile_keys_and_documents(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """Keys of records, their members, keys in manifests, and the texts of an export of somebody else."""
    sandbox.create_table(name, pitr=True)
    sandbox.put(name, {"id": {"S": "a"}})
    uri = sandbox.put_export(bucket, [[b"{}"]], prefix="foreign/")
    root = uri.partition(f"{bucket}/")[2]
    entries = [{"itemCount": 1, "md5Checksum": md5(b""), "dataFileS3Key": f"{root}data/{HOSTILE}"}]
    sandbox.put_manifests(bucket, root, entries)
    restores = {"foreign": {"table": name, "from": {"s3_uri": uri}, "to": {"table": f"{name}-2"}}}
    program.plan(plan(sandbox, bucket, tables=[{"name": name}], restores=restores))
    assert program.run("backup").code == 0
    (key,) = sandbox.record_keys(bucket, name)
    record = json.loads(sandbox.read(bucket, key))
    folder = key.rpartition("/")[0]
    hostile = [f"{folder}/{HOSTILE_KEY}.json", f"{folder}/20991231T000000Z-0badcafe.json"]
    hostile.append(f"{folder.rpartition('/')[0]}/{HOSTILE_KEY}/20991231T000000Z-0badcafe.json")
    for each in hostile:
        forged = {member: HOSTILE if isinstance(value, str) else value for member, value in record.items()}
        sandbox.s3.put_object(Bucket=bucket, Key=each, Body=json.dumps(forged).encode())
    for words in (["list"], ["status"], ["verify", "--all"], ["wait"], ["preview"], ["restore", "foreign"]):
        for form in VERBS[words[0]].forms:
            done = program.run(*words, "--output", form)
            assert_harmless(done, form)
            assert done.code != 70, done.err
            if form == "json":
                json.loads(done.out)
    assert REGION in program.run("status").out
