"""The least IAM policies of a plan: each action on each resource, and no others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ddbbackup.cli.registries import declared_permissions
from ddbbackup.cli.verbs import roles_of_verbs
from ddbbackup.iam import PlaceOfPlan, Policies, policies_of
from ddbbackup.iam.statements import Grant, Statement, statements_of
from ddbbackup.plan.build import build
from tests.support.authoriser import pairs

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HERE = PlaceOfPlan("aws", "eu-west-1", "123456789012")
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table"
ROLE = "arn:aws:iam::210987654321:role/restorer"


def policies(place: PlaceOfPlan = HERE, **members: Any) -> Policies:
    document = {
        "name": "p",
        "destinations": {"vault": {"bucket": "acme-vault", "prefix": "ddb/{table}/"}},
        **members,
    }
    return policies_of(build(document, "plan.yaml", now=NOW), place, declared_permissions(), roles_of_verbs())


def allowed(found: Policies, role: str) -> set[tuple[str, str]]:
    return {pair for policy in found.roles[role].policies for pair in pairs(policy)}


def test_tables_by_name_and_by_glob_are_allowed_and_no_others() -> None:
    """IAM has no character classes, so a policy may allow more tables than a glob selects. A note says so."""
    entries = [{"name": "orders"}, {"match": "billing-[ab]", "exclude": ["*-tmp"], "pitr": "enable"}]
    found = policies(tables=entries)
    exports = {arn for action, arn in allowed(found, "backup") if action.endswith("ExportTableToPointInTime")}
    assert exports == {f"{TABLE}/orders", f"{TABLE}/billing-?"}
    enables = {arn for action, arn in allowed(found, "backup") if action.endswith("UpdateContinuousBackups")}
    assert enables == {f"{TABLE}/billing-?"}
    assert len(found.notes) == 3
    assert set(found.roles) == {"backup", "verify", "read"}


def test_records_may_be_deleted_and_data_may_not() -> None:
    """ddbbackup deletes only a record that another process wrote at the same time."""
    found = policies(tables=[{"name": "orders"}])
    deleted = {arn for action, arn in allowed(found, "backup") if action == "s3:DeleteObject"}
    assert deleted == {"arn:aws:s3:::acme-vault/ddb/ddbbackup/p/123456789012/eu-west-1/orders/*"}
    assert not [
        action for role in ("verify", "read") for action, _ in allowed(found, role) if "Delete" in action
    ]


def test_only_the_role_that_prunes_may_delete_data_and_only_if_the_plan_has_a_policy() -> None:
    """It can read no items: the manifests name the objects."""
    tables = [{"name": "orders", "retention": {"keep_last": 3}}]
    found = policies(tables=tables)
    data = "arn:aws:s3:::acme-vault/ddb/orders/*"
    assert ("s3:DeleteObject", data) in allowed(found, "prune")
    assert ("dynamodb:DeleteBackup", f"{TABLE}/orders/*") in allowed(found, "prune")
    assert {what for action, what in allowed(found, "prune") if action == "s3:GetObject"} == {
        "arn:aws:s3:::acme-vault/ddb/orders/AWSDynamoDB/*/manifest-*",
        "arn:aws:s3:::acme-vault/ddb/ddbbackup/p/123456789012/eu-west-1/*",
    }
    for role in ("backup", "restore", "verify", "read"):
        assert role not in found.roles or ("s3:DeleteObject", data) not in allowed(found, role)
    assert "prune" not in policies(tables=[{"name": "orders"}]).roles


def test_the_role_that_a_restore_assumes_has_the_permissions_on_the_target() -> None:
    """The caller reads the backup and assumes the role. The role reads data only for an import."""
    to = {"table": "{table}-{date}", "region": "eu-central-1", "assume_role": {"role_arn": ROLE}}
    restore = {"table": "orders", "to": to, "method": "write"}
    found = policies(tables=[{"name": "orders"}], restores={"back": restore})
    target = "arn:aws:dynamodb:eu-central-1:210987654321:table/orders-*"
    there = set(pairs(*found.assumed_roles[ROLE]))
    assert ("dynamodb:BatchWriteItem", target) in there
    assert not [pair for pair in there if pair[0].startswith("s3:")]
    assert ("sts:AssumeRole", ROLE) in allowed(found, "restore")
    assert not [pair for pair in allowed(found, "restore") if target in pair[1]]
    assert found.buckets == {}

    by_import = policies(tables=[{"name": "orders"}], restores={"back": {**restore, "method": "import"}})
    there = set(pairs(*by_import.assumed_roles[ROLE]))
    assert ("s3:GetObject", "arn:aws:s3:::acme-vault/ddb/orders/*") in there
    statements = by_import.buckets["acme-vault"]["Statement"]
    assert [each["Principal"] for each in statements] == [{"AWS": ROLE}] * len(statements)
    assert len({each["Sid"] for each in statements}) == len(statements)


def test_a_bucket_of_another_account_has_to_allow_the_caller() -> None:
    """The role that the plan assumes; without one the whole account, with a note."""
    vault = {"bucket": "acme-vault", "bucket_owner": "210987654321"}
    plain = policies(tables=[{"name": "orders"}], destinations={"vault": vault})
    role = {"assume_role": {"role_arn": "arn:aws:iam::123456789012:role/ddbbackup"}}
    named = policies(tables=[{"name": "orders"}], destinations={"vault": vault}, aws=role)
    statements = plain.buckets["acme-vault"]["Statement"]
    assert {s["Principal"]["AWS"] for s in statements} == {"arn:aws:iam::123456789012:root"}
    assert any("s3:PutObjectAcl" in s["Action"] for s in statements)
    assert any("replace it by the role" in note for note in plain.notes)
    assert {s["Principal"]["AWS"] for s in named.buckets["acme-vault"]["Statement"]} == {
        "arn:aws:iam::123456789012:role/ddbbackup"
    }


@pytest.mark.parametrize(
    ("key", "arn"),
    [
        ("arn:aws:kms:eu-west-1:1:key/abc", "arn:aws:kms:eu-west-1:1:key/abc"),
        ("abc", "arn:aws:kms:*:123456789012:key/abc"),
        ("alias/vault", "arn:aws:kms:*:123456789012:key/*"),
        ("arn:aws:kms:eu-west-1:210987654321:alias/vault", "arn:aws:kms:eu-west-1:210987654321:key/*"),
    ],
)
def test_a_kms_key_is_allowed_by_arn_id_or_alias(key: str, arn: str) -> None:
    """A policy cannot name an alias as its resource: a condition restricts it to keys with the alias."""
    vault = {"bucket": "acme-vault", "encryption": {"algorithm": "KMS", "kms_key_id": key}}
    found = policies(tables=[{"name": "orders"}], destinations={"vault": vault})
    (statement,) = [s for s in found.roles["backup"].policies[0]["Statement"] if s["Sid"] == "BucketKey"]
    assert statement["Resource"] == arn
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/vault"}}
    assert statement.get("Condition") == (condition if "alias" in key else None)
    assert statement["Action"] == [
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
    ]


@pytest.mark.parametrize(
    ("key", "arn"),
    [("abc", "arn:aws:kms:*:123456789012:key/abc"), ("alias/vault", "arn:aws:kms:*:123456789012:key/*")],
)
def test_a_key_without_arn_is_one_of_the_caller_whoever_owns_the_bucket(key: str, arn: str) -> None:
    """S3 looks it up in the account of the request (S3 API reference: PutObject, SSEKMSKeyId). A note says so."""
    encryption = {"algorithm": "KMS", "kms_key_id": key}
    vault = {"bucket": "acme-vault", "bucket_owner": "210987654321", "encryption": encryption}
    found = policies(tables=[{"name": "orders"}], destinations={"vault": vault})
    (statement,) = [s for s in found.roles["backup"].policies[0]["Statement"] if s["Sid"] == "BucketKey"]
    assert statement["Resource"] == arn
    assert [note for note in found.notes if "not in 210987654321" in note]


def test_keys_of_tables_are_used_through_dynamodb_only() -> None:
    """Those of the tables in the region of the plan, those of targets in theirs, those of replicas in any."""
    to = {"table": "copy", "region": "eu-central-1", "settings": ["replicas"]}
    found = policies(tables=[{"name": "orders"}], restores={"back": {"table": "orders", "to": to}})
    conditions = {
        statement["Sid"]: (statement["Resource"], statement["Condition"])
        for role in ("backup", "restore")
        for policy in found.roles[role].policies
        for statement in policy["Statement"]
        if "kms:CreateGrant" in statement["Action"]
    }
    keys = "arn:aws:kms:{}:123456789012:key/*"
    assert conditions == {
        "TableKeys": (
            keys.format("eu-west-1"),
            {"StringEquals": {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"}},
        ),
        "TargetKeys": (
            keys.format("eu-central-1"),
            {"StringEquals": {"kms:ViaService": "dynamodb.eu-central-1.amazonaws.com"}},
        ),
        "ReplicaKeys": (keys.format("*"), {"StringLike": {"kms:ViaService": "dynamodb.*.amazonaws.com"}}),
    }


def test_the_role_that_a_restore_assumes_may_put_settings_back() -> None:
    """In its account: replicas, Kinesis, alarms and service-linked roles."""
    to = {"table": "copy", "settings": "all", "assume_role": {"role_arn": ROLE}}
    restore = {"table": "orders", "to": to, "method": "write"}
    found = policies(tables=[{"name": "orders"}], restores={"back": restore})
    there = {pair for policy in found.assumed_roles[ROLE] for pair in pairs(policy)}
    assert ("dynamodb:CreateTableReplica", "arn:aws:dynamodb:*:210987654321:table/copy") in there
    assert ("kinesis:PutRecords", "arn:aws:kinesis:eu-west-1:210987654321:stream/*") in there
    assert {("kinesis:ListStreams", "*"), ("application-autoscaling:PutScalingPolicy", "*")} <= there
    alarms = "arn:aws:cloudwatch:eu-west-1:210987654321:alarm:TargetTracking-table/copy*"
    assert ("cloudwatch:PutMetricAlarm", alarms) in there
    roles = {arn for action, arn in there if action == "iam:CreateServiceLinkedRole"}
    assert len(roles) == 4
    here = {action for action, _ in allowed(found, "restore")}
    assert not {
        each
        for each in here
        if each.startswith(("kinesis:", "cloudwatch:", "iam:", "application-autoscaling:"))
    }


def test_a_prefix_with_other_characters_than_iam_allows_becomes_a_pattern() -> None:
    """U+0020 to U+00FF (IAM guide: quotas). `$` would begin a policy variable."""
    vault = {"bucket": "acme-vault", "prefix": "résumé/備份/$x/"}
    found = policies(tables=[{"name": "orders"}], destinations={"vault": vault})
    data = {arn for action, arn in allowed(found, "backup") if action == "s3:AbortMultipartUpload"}
    assert data == {"arn:aws:s3:::acme-vault/résumé/??/?x/*"}


def test_an_export_in_another_bucket_is_read_and_nothing_beside_it() -> None:
    """An export that ddbbackup did not take."""
    uri = "s3://old-archive/2024/AWSDynamoDB/01-abc/"
    restore = {"table": "legacy", "from": {"s3_uri": uri}, "to": {"table": "legacy", "create": "never"}}
    found = policies(tables=[{"name": "orders"}], restores={"back": restore})
    objects = {arn for action, arn in allowed(found, "restore") if action == "s3:GetObject"}
    assert objects == {"arn:aws:s3:::old-archive/2024/AWSDynamoDB/01-abc/*"}
    assert ("s3:ListBucket", "arn:aws:s3:::old-archive") in allowed(found, "restore")
    assert "dynamodb:CreateTable" not in {action for action, _ in allowed(found, "restore")}


def test_arns_have_the_partition_of_the_plan() -> None:
    """China and GovCloud have their own."""
    place = PlaceOfPlan("aws-cn", "cn-north-1", "123456789012")
    found = policies(place, tables=[{"name": "orders"}])
    arns = {arn for _, arn in allowed(found, "backup")} - {"*"}
    assert all(arn.startswith("arn:aws-cn:") for arn in arns)


def test_a_wildcard_replaces_the_resources_that_it_includes() -> None:
    """Actions with the same resources share a statement."""
    made = statements_of([Grant("a:X", "t/*"), Grant("a:X", "t/one"), Grant("a:Y", "t/*")])
    assert made == [Statement("WithoutResource", ("a:X", "a:Y"), ("t/*",))]
