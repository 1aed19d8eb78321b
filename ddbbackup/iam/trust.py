"""Trust policies: who may assume the roles, with a token of OpenID Connect instead of stored credentials.

`--trust` says it in one word: ``github:OWNER/REPO``, ``gitlab:GROUP/PROJECT`` or ``irsa:ISSUER:NAMESPACE:ACCOUNT``.

Sources: GitHub guide, Configuring OpenID Connect in Amazon Web Services, and OpenID Connect reference (subjects);
GitLab guide, Configure OpenID Connect in AWS; EKS guide, IAM roles for service accounts; IAM guide, Create a role for
OpenID Connect federation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ddbbackup.errors import UsageError
from ddbbackup.iam.resources import PlaceOfPlan
from ddbbackup.model.arn import Arn
from ddbbackup.steps.permissions import RoleName

AUDIENCE: Final = "sts.amazonaws.com"
"""What tokens must be made for: GitHub's action and EKS ask for it by default, and so does our GitLab component."""
SESSION_SECONDS: Final = 6 * 3600
"""The maximum session duration of the roles: as long as the example pipelines wait for exports."""
_HOST: Final = r"[\w-]+(\.[\w-]+)+"  # without a port: IAM API, CreateOpenIDConnectProvider
# A subject of another form would match no token, or, with a wildcard, those of pull requests.
_GITHUB: Final = re.compile(
    r"(?P<repository>[\w.-]+(@\d+)?/[\w.-]+(@\d+)?)"
    r"(:(?P<filter>pull_request|(ref:refs/(heads|tags)/|environment:)(?P<name>.+)))?",
    re.ASCII,
)
_GITLAB: Final = re.compile(
    rf"(https://(?P<host>{_HOST})/)?(?P<project>[\w.-]+(/[\w.-]+)+)"
    r"(:(?P<filter>ref_type:(branch|tag):ref:(?P<name>.+)))?",
    re.ASCII,
)
_IRSA: Final = re.compile(
    rf"(https://)?(?P<issuer>{_HOST}(/[\w.-]+)*):(?P<namespace>[a-z0-9-]+):(?P<account>[a-z0-9.-]+)", re.ASCII
)
_HINT: Final = (
    "write github:OWNER/REPO[:ref:refs/heads/BRANCH|:environment:NAME], "
    "gitlab:[https://HOST/]GROUP/PROJECT[:ref_type:branch:ref:BRANCH], or irsa:ISSUER:NAMESPACE:SERVICE-ACCOUNT"
)


@dataclass(frozen=True, slots=True)
class Trust:
    """One issuer of tokens. ``issuer`` is its URL without `https://`, as in the ARN of the identity provider.

    ``subjects`` may assume every role, ``reading_subjects`` besides them the role `read`. They may have wildcards.
    """

    sid: str
    issuer: str
    subjects: tuple[str, ...]
    reading_subjects: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def parse_trust(text: str) -> Trust:
    """Raises ``UsageError``."""
    kind, _, rest = text.partition(":")
    makers = {"github": (_GITHUB, _github), "gitlab": (_GITLAB, _gitlab), "irsa": (_IRSA, _irsa)}
    if kind not in makers:
        raise UsageError(f"--trust: {text!r} is not a known issuer", hint=_HINT)
    pattern, make = makers[kind]
    match = pattern.fullmatch(rest)
    if match is None:
        raise UsageError(f"--trust: {text!r} does not have the form of {kind}", hint=_HINT)
    if not (match.groupdict().get("name") or "main").strip("*?/"):
        raise UsageError(
            f"--trust: {text!r} allows every branch, tag or environment, which pull requests can choose",
            hint="name one, or a pattern such as release/* that only maintainers can use",
        )
    return make(match)


def _github(match: re.Match[str]) -> Trust:
    """Pull requests may only read: their workflows are not reviewed yet."""
    repository, chosen = match["repository"], match["filter"] or "ref:refs/heads/main"
    if chosen == "pull_request":
        raise UsageError(
            "--trust: pull requests may not assume roles that write",
            hint=f"write github:{repository}; the role `read` then trusts pull requests too",
        )
    note = (
        "GitHub adds IDs to the subjects of repositories that were created, renamed or transferred since mid-2026: "
        "for those, write github:OWNER@OWNER-ID/REPO@REPO-ID"
    )
    return Trust(
        "GitHubActions",
        "token.actions.githubusercontent.com",
        (f"repo:{repository}:{chosen}",),
        (f"repo:{repository}:pull_request",),
        () if "@" in repository else (note,),
    )


def _gitlab(match: re.Match[str]) -> Trust:
    """The pipeline of a merge request has the branch of its author in its subject."""
    project, chosen = match["project"], match["filter"] or "ref_type:branch:ref:main"
    return Trust(
        "GitLab",
        match["host"] or "gitlab.com",
        (f"project_path:{project}:{chosen}",),
        (f"project_path:{project}:ref_type:branch:ref:*",),
    )


def _irsa(match: re.Match[str]) -> Trust:
    return Trust(
        "ServiceAccount", match["issuer"], (f"system:serviceaccount:{match['namespace']}:{match['account']}",)
    )


def trust_policy(trusts: Sequence[Trust], role: RoleName, place: PlaceOfPlan) -> dict[str, Any]:
    """The trust policy of one role."""
    statements = [_statement(trust, role, place, n) for n, trust in enumerate(trusts, 1)]
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(trust: Trust, role: RoleName, place: PlaceOfPlan, number: int) -> Mapping[str, Any]:
    subjects = list(dict.fromkeys(trust.subjects + (trust.reading_subjects if role == "read" else ())))
    equal: dict[str, Any] = {f"{trust.issuer}:aud": AUDIENCE}
    subject = {f"{trust.issuer}:sub": subjects[0] if len(subjects) == 1 else subjects}
    has_wildcard = any("*" in each or "?" in each for each in subjects)
    condition = (
        {"StringEquals": equal, "StringLike": subject} if has_wildcard else {"StringEquals": equal | subject}
    )
    provider = Arn(place.partition, "iam", "", place.account, f"oidc-provider/{trust.issuer}")
    return {
        "Sid": trust.sid if number == 1 else f"{trust.sid}{number}",
        "Effect": "Allow",
        "Principal": {"Federated": str(provider)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
