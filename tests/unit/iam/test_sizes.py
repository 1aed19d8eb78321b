"""Policies fit into what IAM accepts, with 1 table and with 500, and notes say where they allow more than needed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from ddbbackup.cli.registries import declared_permissions
from ddbbackup.cli.verbs import roles_of_verbs
from ddbbackup.iam import PlaceOfPlan, Policies, policies_of
from ddbbackup.iam.breadth import broader
from ddbbackup.iam.document import MOST_POLICIES
from ddbbackup.iam.sizes import characters, split
from ddbbackup.iam.statements import Statement
from ddbbackup.plan.build import build
from tests.support.authoriser import allows, pairs
from tests.support.calls import Call

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HERE = PlaceOfPlan("aws", "eu-west-1", "123456789012")
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table"
PREFIX = "{account}/{region}/{table}/"
IAM_LIMIT = 6_144  # IAM guide: IAM and AWS STS quotas


def names(count: int) -> list[str]:
    """As teams name tables: by service and stage."""
    services = ("orders", "billing", "customers", "shipping", "carts")
    return [f"{services[n % 5]}-{('prod', 'stage')[n % 2]}-table-{n:03}" for n in range(count)]


def policies(tables: Sequence[str], **members: Any) -> Policies:
    """Every table is backed up and can be restored."""
    document = {
        "name": "prod",
        "destinations": {"vault": {"bucket": "acme-ddb-vault", "prefix": PREFIX}},
        "tables": [{"name": each} for each in tables],
        "restores": {
            each: {"table": each, "to": {"table": "{table}-copy", "settings": "all"}} for each in tables
        },
        **members,
    }
    return policies_of(build(document, "plan.yaml", now=NOW), HERE, declared_permissions(), roles_of_verbs())


@pytest.mark.parametrize("count", [1, 15, 50, 500])
def test_every_policy_fits_and_its_statements_have_names(count: int) -> None:
    """In each role: at most three policies, each within the limit, each Sid once and without special characters."""
    found = policies(names(count))
    assert set(found.roles) == {"backup", "restore", "verify", "read"}
    for role in found.roles.values():
        assert len(role.policies) <= MOST_POLICIES
        for policy in role.policies:
            assert characters(policy) <= IAM_LIMIT
            sids = [statement["Sid"] for statement in policy["Statement"]]
            assert len(set(sids)) == len(sids)
            assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)


@pytest.mark.parametrize(("count", "policies_of_backup"), [(1, 1), (15, 2), (50, 3)])
def test_up_to_some_50_tables_are_named_exactly(count: int, policies_of_backup: int) -> None:
    """No other table is allowed, and no note says so."""
    found = policies(names(count))
    role = found.roles["backup"]
    assert len(role.policies) == policies_of_backup
    exported = {
        arn for p in role.policies for action, arn in pairs(p) if action.endswith("ExportTableToPointInTime")
    }
    assert exported == {f"{TABLE}/{name}" for name in names(count)}
    written = {arn for p in role.policies for action, arn in pairs(p) if action == "s3:AbortMultipartUpload"}
    assert written == {
        f"arn:aws:s3:::acme-ddb-vault/123456789012/eu-west-1/{name}/*" for name in names(count)
    }
    assert not [note for note in found.notes if "the role backup" in note]


def test_many_tables_are_allowed_by_their_common_prefixes() -> None:
    """In one policy. A note names the patterns."""
    found = policies(names(500))
    (policy,) = found.roles["backup"].policies
    export = Call("dynamodb", "DescribeTable", f"{TABLE}/orders-prod-table-000")
    assert allows(policy, export)
    assert not allows(policy, Call("dynamodb", "DescribeTable", f"{TABLE}/secrets"))
    (note,) = [note for note in found.notes if "the role backup" in note and "`orders-prod-table-*`" in note]
    assert "which may match tables that the plan does not select" in note


def test_tables_without_common_prefix_are_all_allowed_if_there_are_too_many() -> None:
    """The last resort is `table/*`, with a note."""
    found = policies([f"{n:x}Table{n}" for n in range(500)], restores={})
    (policy,) = found.roles["backup"].policies
    assert ("dynamodb:ExportTableToPointInTime", f"{TABLE}/*") in set(pairs(policy))
    assert [note for note in found.notes if "the role backup" in note and "allowed `*`" in note]


def test_what_broader_policies_allow_includes_what_exact_ones_do() -> None:
    """Whatever the breadth, no table of the plan is left out."""
    tables = ["orders-eu", "orders-us", "orders", "billing.a_b", "billing.a_c", "x", "match-?-*"]
    for breadth in broader(tables):
        for table in tables:
            pattern = breadth.table_pattern(table)
            assert pattern == table or (pattern.endswith("*") and table.startswith(pattern[:-1]))
    assert {breadth.table_pattern("orders-eu") for breadth in broader(tables)} == {
        "orders-eu",
        "orders-*",
        "*",
    }


def test_a_statement_that_is_too_long_is_divided_by_its_resources() -> None:
    """Nothing is lost, and the policies are as few as possible."""
    arns = tuple(f"{TABLE}/{n:0>100}" for n in range(100))
    statements = [
        Statement("Bucket", ("s3:ListBucket",), ("arn:aws:s3:::v",)),
        Statement("Tables", ("a:B",), arns),
    ]
    found = split(statements)
    assert len(found) == 3
    assert all(characters(policy) <= IAM_LIMIT for policy in found)
    allowed = sorted(pair for policy in found for pair in pairs(policy))
    assert allowed == sorted([("s3:ListBucket", "arn:aws:s3:::v"), *(("a:B", arn) for arn in arns)])


def test_a_bucket_policy_keeps_to_its_limit() -> None:
    """S3 accepts 20 KB. It cannot be split."""
    vault = {"bucket": "acme-ddb-vault", "prefix": PREFIX, "bucket_owner": "210987654321"}
    for count in (1, 500):
        found = policies(names(count), destinations={"vault": vault})
        assert characters(found.buckets["acme-ddb-vault"]) <= 20 * 1024
