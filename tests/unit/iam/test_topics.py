"""The policies let those roles publish whose runs are told, and no others."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from ddbbackup.cli.registries import declared_permissions
from ddbbackup.cli.verbs import roles_of_verbs
from ddbbackup.iam import PlaceOfPlan, policies_of
from ddbbackup.plan.build import build

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:backups"
PLAN = {
    "version": 1,
    "name": "prod",
    "destinations": {"vault": {"bucket": "acme-vault"}},
    "tables": [{"name": "orders"}],
    "restores": {"back": {"table": "orders"}},
}


def publishers(**notifications: object) -> set[str]:
    plan = build({**PLAN, "notifications": notifications}, "ddbbackup.yaml", now=NOW)
    place = PlaceOfPlan("aws", "eu-west-1", "123456789012")
    roles = policies_of(plan, place, declared_permissions(), roles_of_verbs()).roles
    return {role for role, policy in roles.items() if "sns:Publish" in json.dumps(policy.policies)}


def test_publishing_is_allowed_to_the_roles_whose_verbs_are_told() -> None:
    """`backup` and `wait` by default; nobody where no topic is named."""
    assert publishers(pager={"sns": {"topic_arn": TOPIC}}) == {"backup"}
    assert publishers(pager={"sns": {"topic_arn": TOPIC}, "verbs": ["restore", "status"]}) == {
        "restore",
        "read",
    }
    assert publishers(hook={"webhook": {"url": "https://receiver.example.com"}}) == set()


def test_it_is_allowed_on_the_topic_only() -> None:
    """By its ARN."""
    plan = build(
        {**PLAN, "notifications": {"pager": {"sns": {"topic_arn": TOPIC}}}}, "ddbbackup.yaml", now=NOW
    )
    place = PlaceOfPlan("aws", "eu-west-1", "123456789012")
    roles = policies_of(plan, place, declared_permissions(), roles_of_verbs()).roles
    statements = roles["backup"].policies[0]["Statement"]
    expected = {"Sid": "Notifications", "Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC}
    assert expected in statements
