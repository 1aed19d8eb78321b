"""``doctor --iam``: the policies, in each form, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ddbbackup.model.numbers import grouped
from tests.support.aws import REGION, Aws
from tests.support.program import Program, Result


def test_policies_are_printed_without_credentials(program: Program) -> None:
    """If the plan has account and region, AWS is not called. A role that the plan does not need is a usage error."""
    aws = {"region": REGION, "account": "123456789012"}
    vault = {"vault": {"bucket": "acme-vault"}}
    document = {"version": 1, "name": "p", "aws": aws, "destinations": vault, "tables": [{"name": "orders"}]}
    program.plan(json.dumps(document))

    def policies(*role: str) -> Result:
        return program.run("doctor", "--iam", *role, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")

    every, one, none = policies(), policies("backup"), policies("restore")

    assert (every.code, one.code, none.code) == (0, 0, 64), every.err
    assert every.report["roles"]["backup"]["policies"] == [one.report]
    assert every.report["roles"]["backup"]["trust"] is None
    assert one.report["Version"] == "2012-10-17"
    size = len(json.dumps(one.report, separators=(",", ":")))
    assert f"backup: 1 policy of {grouped(size)} characters; IAM allows 6 144 in each" in one.err
    assert "choose one of: all, backup, verify, read" in none.err


def policy_plan(tables: int, **more: object) -> str:
    """With account and region, so that no credentials are needed."""
    names = [f"table-number-{n}" for n in range(tables)]
    document = {
        "version": 1,
        "name": "p",
        "aws": {"region": REGION, "account": "123456789012"},
        "destinations": {"vault": {"bucket": "acme-vault", "prefix": "ddb/{table}/"}},
        "tables": [{"name": each, "retention": {"keep_last": 7}} for each in names],
        "restores": {"copy": {"table": names[0], "to": {"table": "copy", "settings": "all"}}},
        **more,
    }
    return json.dumps(document)


@pytest.mark.parametrize("tables", [1, 15, 50, 500])
def test_iam_accepts_the_policies(sandbox: Aws, name: str, program: Program, tables: int) -> None:
    """As policies of a role that a pipeline can assume, from each form: JSON, Terraform and CloudFormation."""
    program.plan(policy_plan(tables))
    forms = ["--output", "json", "--output", "terraform=iam.tf", "--output", "cloudformation=iam.json"]
    done = program.run("doctor", "--iam", "--trust", "github:acme/infra", *forms)
    assert done.code == 0, done.err
    roles = done.report["roles"]
    assert set(roles) == {"backup", "restore", "verify", "prune", "read"}

    template = json.loads((program.directory / "iam.json").read_text())["Resources"]
    properties = [each["Properties"] for each in template.values()]
    in_template = {
        each["ManagedPolicyName"]: each["PolicyDocument"] for each in properties if "PolicyDocument" in each
    }
    trusts = {each["RoleName"]: each["AssumeRolePolicyDocument"] for each in properties if "RoleName" in each}
    terraform = (program.directory / "iam.tf").read_text()
    encoded = [
        json.loads(text) for text in re.findall(r"= jsonencode\((\{.*?\n  \})\)", terraform, re.DOTALL)
    ]

    iam = sandbox.client("iam")
    for role in roles.values():
        assert trusts[role["name"]] == role["trust"]
        assert role["trust"] in encoded
        iam.create_role(RoleName=f"{name}-{role['name']}", AssumeRolePolicyDocument=json.dumps(role["trust"]))
        assert role["characters"] == [len(json.dumps(p, separators=(",", ":"))) for p in role["policies"]]
        for number, policy in enumerate(role["policies"], 1):
            suffix = f"-{number}" if len(role["policies"]) > 1 else ""
            assert in_template.pop(f"{role['name']}{suffix}") == policy
            assert policy in encoded
            made = iam.create_policy(
                PolicyName=f"{name}-{number}-{role['name']}", PolicyDocument=json.dumps(policy)
            )
            iam.attach_role_policy(RoleName=f"{name}-{role['name']}", PolicyArn=made["Policy"]["Arn"])
    assert in_template == {}


def test_several_policies_of_one_role_are_a_document_of_their_own(program: Program) -> None:
    """One policy is printed as IAM accepts it; several, or one with a trust policy, as in `--output json`."""
    program.plan(policy_plan(50))
    several = program.run("doctor", "--iam", "backup")
    assert len(several.report["roles"]["backup"]["policies"]) == 3
    assert list(several.report["roles"]) == ["backup"]
    assert "backup: 3 policies of 6 " in several.err

    program.plan(policy_plan(1))
    trusted = program.run(
        "doctor", "--iam", "backup", "--trust", "irsa:oidc.example.com/id/1:backups:ddbbackup"
    )
    assert trusted.report["roles"]["backup"]["trust"]["Version"] == "2012-10-17"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--output", "terraform"), "--output terraform needs --iam"),
        (("--trust", "github:acme/infra"), "--trust needs --iam"),
        (("--iam", "--only", "orders"), "--iam takes no names of tables"),
        (("--iam", "--output", "markdown"), "policies have no output form 'markdown'"),
        (("--table", "orders"), "--table needs --iam"),
        (("--iam", "restore", "--existing", "mirror"), "no table is selected"),
        (("--iam", "backup", "--table", "orders", "--to", "copy"), "needs no role 'backup'"),
        (("--iam", "--trust", "github:acme"), "does not have the form of github"),
    ],
)
def test_options_that_do_not_fit_together_are_usage_errors(
    program: Program, options: tuple[str, ...], message: str
) -> None:
    """Before anything is read from AWS."""
    program.plan(policy_plan(1))
    done = program.run("doctor", *options)
    assert done.code == 64
    assert message in done.err


def test_a_plan_that_assumes_a_role_has_no_trust_policy_for_pipelines(program: Program) -> None:
    """The role of the plan is assumed by the role of the pipeline, not by a token."""
    role = {"region": REGION, "assume_role": {"role_arn": "arn:aws:iam::123456789012:role/ddbbackup"}}
    program.plan(policy_plan(1, aws=role))
    done = program.run("doctor", "--iam", "--trust", "github:acme/infra")
    assert done.code == 64
    assert "with the credentials of another role" in done.err


def test_policies_leave_the_summary_of_a_job_alone(program: Program, tmp_path: Path) -> None:
    """They have no Markdown form."""
    program.plan(policy_plan(1))
    summary = tmp_path / "summary.md"
    done = program.run("doctor", "--iam", GITHUB_STEP_SUMMARY=str(summary))
    assert done.code == 0, done.err
    assert not summary.exists()


def test_a_restore_that_no_plan_names_has_a_policy(program: Program) -> None:
    """For this restore alone, and the same as that of a plan that names it."""
    mirror = {"table": "table-number-0", "existing": "mirror", "to": {"table": "live", "create": "never"}}
    program.plan(policy_plan(3))
    asked = ("--table", "table-number-0", "--existing", "mirror", "--to", "live", "--create", "never")
    described = program.run("doctor", "--iam", "restore", *asked)
    program.plan(policy_plan(3, restores={"mirror": mirror}))
    planned = program.run("doctor", "--iam", "restore")

    assert (described.code, planned.code) == (0, 0), described.err
    assert described.report == planned.report
    allowed = {action for each in described.report["Statement"] for action in _list(each["Action"])}
    assert "dynamodb:DeleteItem" in allowed
    assert "dynamodb:CreateTable" not in allowed


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
