"""What S3 says about archived objects, and how they are retrieved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ddbbackup.aws.objects import S3Objects
from ddbbackup.errors import AccessDenied
from ddbbackup.ports import Archive, ObjectFacts
from tests.support.stubs import stubbed

WHERE = {"Bucket": "vault", "Key": "k"}
EXPIRY = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("members", "archive", "tiered"),
    [
        ({}, None, False),
        ({"StorageClass": "GLACIER_IR"}, None, False),
        ({"StorageClass": "STANDARD_IA"}, None, False),
        ({"StorageClass": "GLACIER"}, Archive("GLACIER"), False),
        (
            {"StorageClass": "DEEP_ARCHIVE", "RestoreStatus": {"IsRestoreInProgress": True}},
            Archive("DEEP_ARCHIVE", retrieving=True),
            False,
        ),
        (
            {
                "StorageClass": "GLACIER",
                "RestoreStatus": {"IsRestoreInProgress": False, "RestoreExpiryDate": EXPIRY},
            },
            None,
            False,
        ),
        ({"StorageClass": "INTELLIGENT_TIERING"}, None, True),
    ],
)
def test_a_listing_shows_which_objects_are_archived(
    members: dict[str, Any], archive: Archive | None, tiered: bool
) -> None:
    """With the status of retrievals, which S3 lists only if it is asked to."""
    listed = {"Contents": [{"Key": "k", "Size": 1, "ETag": '"e"', **members}], "IsTruncated": False}
    parameters = {"Bucket": "vault", "Prefix": "", "OptionalObjectAttributes": ["RestoreStatus"]}
    with stubbed("s3") as (made, stub):
        stub.add_response("list_objects_v2", listed, parameters)
        (found,) = S3Objects(made).keys("vault", "")
    assert (found.archive, found.tiered) == (archive, tiered)


@pytest.mark.parametrize(
    ("members", "archive"),
    [
        ({"StorageClass": "INTELLIGENT_TIERING"}, None),
        (
            {"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"},
            Archive("ARCHIVE_ACCESS"),
        ),
        (
            {"ArchiveStatus": "DEEP_ARCHIVE_ACCESS", "Restore": 'ongoing-request="true"'},
            Archive("DEEP_ARCHIVE_ACCESS", retrieving=True),
        ),
        ({"StorageClass": "GLACIER"}, Archive("GLACIER")),
        (
            {
                "StorageClass": "GLACIER",
                "Restore": 'ongoing-request="false", expiry-date="Fri, 21 Dec 2012 …"',
            },
            None,
        ),
    ],
)
def test_a_head_shows_whether_an_object_is_archived(members: dict[str, Any], archive: Archive | None) -> None:
    """Also the tiers of INTELLIGENT_TIERING, which no listing shows."""
    with stubbed("s3") as (made, stub):
        stub.add_response("head_object", {"ContentLength": 1, "ETag": '"e"', **members}, WHERE)
        found = S3Objects(made).head("vault", "k")
    assert found is not None
    assert found.archive == archive


def test_a_retrieval_names_tier_and_days() -> None:
    """No days for INTELLIGENT_TIERING: S3 refuses them, because the object moves back for good."""
    facts = ObjectFacts("k", 1, '"e"', archive=Archive("GLACIER"))
    tiered = ObjectFacts("k", 1, '"e"', archive=Archive("ARCHIVE_ACCESS"), tiered=True)
    standard, bulk = ({"GlacierJobParameters": {"Tier": tier}} for tier in ("Standard", "Bulk"))
    with stubbed("s3") as (made, stub):
        stub.add_response("restore_object", {}, {**WHERE, "RestoreRequest": {**standard, "Days": 7}})
        owned = {**WHERE, "RestoreRequest": bulk, "ExpectedBucketOwner": "123456789012"}
        stub.add_response("restore_object", {}, owned)
        objects = S3Objects(made)
        objects.retrieve("vault", facts, tier="standard", days=7)
        objects.retrieve("vault", tiered, tier="bulk", days=7, owner="123456789012")


@pytest.mark.parametrize("code", ["RestoreAlreadyInProgress", "ObjectAlreadyInActiveTierError"])
def test_a_retrieval_that_was_requested_before_is_no_error(code: str) -> None:
    """Two runs may ask at the same time."""
    with stubbed("s3") as (made, stub):
        stub.add_client_error("restore_object", code, http_status_code=409)
        S3Objects(made).retrieve("vault", ObjectFacts("k", 1, '"e"'), tier="bulk", days=7)


def test_a_retrieval_that_is_denied_is_an_error() -> None:
    with stubbed("s3") as (made, stub):
        stub.add_client_error("restore_object", "AccessDenied", http_status_code=403)
        with pytest.raises(AccessDenied):
            S3Objects(made).retrieve("vault", ObjectFacts("k", 1, '"e"'), tier="bulk", days=7)
