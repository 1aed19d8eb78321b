"""Checks of destinations, KMS keys, clocks and quotas, with an account in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ddbbackup.checks import check_destination
from ddbbackup.checks.clock import check_clock
from ddbbackup.checks.lifecycle import affects_backups
from ddbbackup.errors import AccessDenied, ObjectMissing
from ddbbackup.model.check import Check
from ddbbackup.model.encryption import Encryption
from ddbbackup.plan.model import DEFAULT_PREFIX, Destination
from ddbbackup.ports import (
    BucketEncryption,
    Identity,
    KmsKeyFacts,
    LifecycleRule,
    ObjectLock,
)
from tests.support.records import IDENTITY

NOW = datetime(2026, 11, 25, 9, 0, 0, tzinfo=UTC)
VAULT = Destination("vault", "acme-vault", "ddb/{table}/")
KEY = "arn:aws:kms:eu-west-1:123456789012:key/abc"


class FakeBuckets:
    """One bucket without problems, except for ``facts``."""

    def __init__(self, **facts: Any) -> None:
        self.owner = "123456789012"
        self.facts: dict[str, Any] = {
            "region": "eu-west-1",
            "versioned": True,
            "object_lock": ObjectLock("GOVERNANCE", 30),
            "disabled_public_access_blocks": (),
            "encryption": BucketEncryption("AES256"),
            "lifecycle": (),
            **facts,
        }

    def __getattr__(self, name: str) -> Any:
        def get(bucket: str, *, owner: str | None = None) -> Any:
            if owner not in (None, self.owner):
                raise AccessDenied("403", hint="h")
            found = self.facts[name]
            if isinstance(found, Exception):
                raise found
            return found

        return get


def cloud(key: KmsKeyFacts | None = None, *, owner: str = "123456789012", **facts: Any) -> Any:
    buckets = FakeBuckets(**facts)
    buckets.owner = owner
    return SimpleNamespace(
        identity=Identity("123456789012", "arn:aws:iam::123456789012:user/me", "aws", "eu-west-1"),
        buckets=buckets,
        kms_keys=lambda region: SimpleNamespace(describe=lambda key_id: key),
    )


def named(checks: tuple[Check, ...], name: str) -> Check:
    (found,) = [check for check in checks if check.name == name]
    return found


def test_a_destination_without_problems_is_ok_in_every_check() -> None:
    """One result for each check."""
    found = check_destination(cloud(), VAULT)
    assert {check.state for check in found} == {"ok"}
    assert len(found) == 8


def test_a_missing_bucket_is_one_problem() -> None:
    """The other checks of it are left out."""
    (found,) = check_destination(cloud(region=ObjectMissing("no bucket", hint="h")), VAULT)
    assert (found.state, found.name) == ("problem", "bucket")


def test_a_bucket_of_another_account_needs_its_owner_in_the_plan() -> None:
    """A missing or wrong `bucket_owner` is a problem."""
    missing = check_destination(cloud(owner="210987654321"), VAULT)
    right = check_destination(cloud(owner="210987654321"), replace(VAULT, bucket_owner="210987654321"))
    wrong = check_destination(cloud(), replace(VAULT, bucket_owner="999999999999"))
    assert named(missing, "owner").state == "problem"
    assert "bucket_owner" in named(missing, "owner").hint
    assert named(right, "owner").state == "ok"
    assert "999999999999" in named(wrong, "bucket").message


@pytest.mark.parametrize(
    ("requirement", "facts", "otherwise"),
    [
        ("versioning", {"versioned": False}, "warning"),
        ("object_lock", {"object_lock": None}, "ok"),
        ("object_lock", {"object_lock": ObjectLock()}, "ok"),
        ("public_access_block", {"disabled_public_access_blocks": ("BlockPublicAcls",)}, "warning"),
        ("versioning", {"versioned": AccessDenied("no", hint="h")}, "unknown"),
    ],
)
def test_a_missing_requirement_is_a_problem(requirement: Any, facts: dict[str, Any], otherwise: str) -> None:
    """Also if it cannot be read: it is not proven. What is not required is at most a warning."""
    strict = replace(VAULT, require=(requirement,))
    failed = named(check_destination(cloud(**facts), strict), requirement)
    assert failed.state == "problem"
    assert failed.error is not None
    assert named(check_destination(cloud(**facts), VAULT), requirement).state == otherwise
    assert named(check_destination(cloud(), strict), requirement).error is None


@pytest.mark.parametrize(
    ("key", "facts", "words"),
    [
        ("arn:aws:kms:us-east-1:123456789012:key/abc", None, "is in us-east-1"),
        ("alias/vault", None, "does not exist in eu-west-1"),
        (
            "alias/vault",
            KmsKeyFacts(KEY, "PendingDeletion", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"),
            "is Pending",
        ),
        ("alias/vault", KmsKeyFacts(KEY, "Enabled", "SIGN_VERIFY", "RSA_2048"), "RSA_2048"),
    ],
)
def test_a_key_that_s3_cannot_use_is_a_problem(key: str, facts: KmsKeyFacts | None, words: str) -> None:
    """AWS accepts an export with such a key, and fails it minutes later."""
    found = check_destination(cloud(facts), replace(VAULT, encryption=Encryption("KMS", key)))
    assert named(found, "kms key").state == "problem"
    assert words in named(found, "kms key").message


def test_a_default_kms_key_that_exports_do_not_use_is_a_warning() -> None:
    """Exports with AES256 override the default encryption of the bucket."""
    found = check_destination(cloud(encryption=BucketEncryption("aws:kms", KEY)), VAULT)
    assert named(found, "encryption").state == "warning"


@pytest.mark.parametrize(
    ("rule", "prefix", "expected"),
    [
        (LifecycleRule("r", "", expires="x"), "ddb/{table}/", True),
        (LifecycleRule("r", "ddb/orders/", expires="x"), "ddb/{table}/", True),
        (LifecycleRule("r", "logs/", expires="x"), "ddb/{table}/", False),
        (LifecycleRule("r", "logs/", expires="x"), "", True),
        (LifecycleRule("r", "logs/", expires="x"), DEFAULT_PREFIX, False),
        (LifecycleRule("r", "123456789012/eu-", expires="x"), DEFAULT_PREFIX, True),
        (LifecycleRule("r", "123456789012/us-", expires="x"), DEFAULT_PREFIX, False),
        (LifecycleRule("r", "ddbbackup/", expires="x"), DEFAULT_PREFIX, True),
        (LifecycleRule("r", "", expires="x", tagged=True), "ddb/", False),
    ],
)
def test_a_lifecycle_rule_affects_backups_if_the_prefixes_overlap(
    rule: LifecycleRule, prefix: str, expected: bool
) -> None:
    """Either prefix may be the longer one. Objects of an export have no tags."""
    assert affects_backups(rule, prefix, IDENTITY) is expected


def test_rules_that_affect_backups_are_described() -> None:
    """What they do, to which objects, and when."""
    rules = (LifecycleRule("old", "ddb/", expires="after 90 days", archives="after 30 days"),)
    found = named(check_destination(cloud(lifecycle=rules), VAULT), "lifecycle")
    assert found.state == "warning"
    assert (
        "deletes objects below ddb/ after 90 days and archives objects below ddb/ after 30 days"
        in found.message
    )


@pytest.mark.parametrize(
    ("seconds", "state", "words"),
    [
        (0.4, "ok", "less than"),
        (30, "ok", "29 seconds"),
        (301, "warning", "ahead"),
        (-301, "warning", "behind"),
    ],
)
def test_a_wrong_clock_is_a_warning(seconds: float, state: str, words: str) -> None:
    """The Date header has whole seconds, so a difference of one second is no skew."""
    clock: Any = SimpleNamespace(now=lambda: NOW + timedelta(seconds=seconds))
    found = check_clock(SimpleNamespace(server_time=lambda: NOW), clock)
    assert found.state == state
    assert words in found.message
