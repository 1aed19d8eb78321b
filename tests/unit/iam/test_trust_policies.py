"""Who may assume the roles: pipelines and pods, by tokens that name them exactly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ddbbackup.cli.registries import declared_permissions
from ddbbackup.cli.verbs import roles_of_verbs
from ddbbackup.errors import UsageError
from ddbbackup.iam import PlaceOfPlan, parse_trust, policies_of
from ddbbackup.iam.sizes import TRUST_POLICY_CHARACTERS, characters
from ddbbackup.iam.trust import trust_policy
from ddbbackup.plan.build import build
from ddbbackup.steps.permissions import RoleName

HERE = PlaceOfPlan("aws", "eu-west-1", "123456789012")
GITHUB = "token.actions.githubusercontent.com"
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/ABCDEF0123456789ABCDEF0123456789"


def conditions(text: str, role: RoleName = "backup") -> dict[str, Any]:
    (statement,) = trust_policy([parse_trust(text)], role, HERE)["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    condition: dict[str, Any] = statement["Condition"]
    return condition


def provider(text: str) -> str:
    (statement,) = trust_policy([parse_trust(text)], "backup", HERE)["Statement"]
    return str(statement["Principal"]["Federated"])


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("github:acme/infra", "repo:acme/infra:ref:refs/heads/main"),
        ("github:acme/infra:ref:refs/heads/release", "repo:acme/infra:ref:refs/heads/release"),
        ("github:acme/infra:environment:prod", "repo:acme/infra:environment:prod"),
        ("github:acme@12/infra@34", "repo:acme@12/infra@34:ref:refs/heads/main"),
    ],
)
def test_github_actions_of_one_branch_or_environment(text: str, subject: str) -> None:
    """Not of any branch, which everybody who may push could use."""
    assert conditions(text) == {
        "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com", f"{GITHUB}:sub": subject}
    }
    assert provider(text) == f"arn:aws:iam::123456789012:oidc-provider/{GITHUB}"


def test_pull_requests_may_only_assume_the_role_that_reads() -> None:
    """Their workflow may be changed by the pull request itself."""
    reading = conditions("github:acme/infra", "read")["StringEquals"][f"{GITHUB}:sub"]
    assert reading == ["repo:acme/infra:ref:refs/heads/main", "repo:acme/infra:pull_request"]
    with pytest.raises(UsageError, match="pull requests may not"):
        parse_trust("github:acme/infra:pull_request")


def test_a_wildcard_in_a_branch_is_a_pattern() -> None:
    """`StringEquals` would take the asterisk literally."""
    condition = conditions("github:acme/infra:ref:refs/heads/release/*")
    assert condition["StringLike"] == {f"{GITHUB}:sub": "repo:acme/infra:ref:refs/heads/release/*"}
    assert condition["StringEquals"] == {f"{GITHUB}:aud": "sts.amazonaws.com"}


@pytest.mark.parametrize(
    ("text", "host", "subject"),
    [
        ("gitlab:acme/team/infra", "gitlab.com", "project_path:acme/team/infra:ref_type:branch:ref:main"),
        (
            "gitlab:https://git.acme.example/acme/infra:ref_type:branch:ref:prod",
            "git.acme.example",
            "project_path:acme/infra:ref_type:branch:ref:prod",
        ),
    ],
)
def test_gitlab_pipelines_of_one_branch(text: str, host: str, subject: str) -> None:
    """With the audience of our component. Merge requests, on any branch, may only read."""
    assert conditions(text) == {"StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": subject}}
    assert provider(text) == f"arn:aws:iam::123456789012:oidc-provider/{host}"
    reading = conditions(text, "read")["StringLike"][f"{host}:sub"]
    project = subject.partition(":ref_type")[0]
    assert reading == [subject, f"{project}:ref_type:branch:ref:*"]


@pytest.mark.parametrize("scheme", ["", "https://"])
def test_a_service_account_of_kubernetes(scheme: str) -> None:
    """IRSA. The issuer is that of the cluster, with or without `https://`."""
    text = f"irsa:{scheme}{EKS}:backups:ddbbackup"
    expected = {f"{EKS}:aud": "sts.amazonaws.com", f"{EKS}:sub": "system:serviceaccount:backups:ddbbackup"}
    assert conditions(text) == {"StringEquals": expected}
    assert provider(text) == f"arn:aws:iam::123456789012:oidc-provider/{EKS}"


@pytest.mark.parametrize(
    "text",
    [
        "github",
        "github:acme",
        "github:acme/*",
        "github:*/*:ref:refs/heads/main",
        "gitlab:acme",
        "gitlab:http://x/acme/infra",
        "irsa:oidc.eks/id/1",
        "irsa:oidc.eks/id/1:*:*",
        "bitbucket:acme/infra",
        "github:acme/infra:main",
        "github:acme/infra:ref:main",
        "github:acme/infra:*",
        "github:acme/infra:pull*",
        "github:acme/infra:ref:*",
        "github:acme/infra:environment:",
        "gitlab:acme/infra:main",
        "gitlab:acme/infra:*",
        "gitlab:https://git.acme.example:8443/acme/infra",
        "irsa:cluster:backups:ddbbackup",
        "",
    ],
)
def test_what_names_nobody_in_particular_is_refused(text: str) -> None:
    """A wildcard would let everybody in, or pull requests. Another form of subject or issuer would let nobody in."""
    with pytest.raises(UsageError) as caught:
        parse_trust(text)
    assert "github:OWNER/REPO" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "github:acme/infra:ref:refs/heads/*",
        "github:acme/infra:environment:*",
        "github:acme/infra:environment:?*",
        "gitlab:acme/infra:ref_type:branch:ref:**",
    ],
)
def test_every_branch_or_environment_is_refused(text: str) -> None:
    """The author of a pull request or merge request chooses the name of the branch and of the environment."""
    with pytest.raises(UsageError, match="which pull requests can choose"):
        parse_trust(text)


def test_several_issuers_share_a_policy() -> None:
    """Within the size that IAM allows for it by default, each statement with its own name."""
    trusts = [parse_trust(each) for each in ("github:a/b", "github:a/c", "gitlab:a/b", f"irsa:{EKS}:n:s")]
    policy = trust_policy(trusts, "read", HERE)
    assert len({statement["Sid"] for statement in policy["Statement"]}) == 4
    assert characters(policy) <= TRUST_POLICY_CHARACTERS


def test_a_trust_policy_that_is_too_long_is_noted() -> None:
    """IAM would refuse it."""
    document = {"name": "p", "destinations": {"vault": {"bucket": "v"}}, "tables": [{"name": "orders"}]}
    plan = build(document, "plan.yaml", now=datetime(2026, 11, 24, tzinfo=UTC))
    for count, noted in ((1, 0), (9, 3)):
        trusts = [parse_trust(f"github:acme/repository-{n}@1") for n in range(count)]
        found = policies_of(plan, HERE, declared_permissions(), roles_of_verbs(), trusts)
        notes = [note for note in found.notes if "the trust policy of the role" in note]
        assert len(notes) == noted
