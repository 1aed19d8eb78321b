"""Responses that say success but are cut, foreign or incomplete are errors of the connection, never empty results."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from botocore.exceptions import CredentialRetrievalError

from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.error_map import translate_errors
from ddbbackup.errors import AccessDenied, Unreachable
from ddbbackup.ports import SnapshotRestoreRequest
from tests.support.scripted_aws import scripted_aws

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/t"
SNAPSHOT = f"{TABLE}/backup/01795400000000-0badcafe"
READS: dict[str, Callable[[AwsCloud], Any]] = {
    "ListTables": lambda cloud: list(cloud.tables.names()),
    "DescribeTable": lambda cloud: cloud.tables.describe("t"),
    "DescribeContinuousBackups": lambda cloud: cloud.tables.pitr("t"),
    "continuous backups as a setting": lambda cloud: cloud.settings.continuous_backups("t"),
    "DescribeTimeToLive": lambda cloud: cloud.settings.time_to_live("t"),
    "ListTagsOfResource": lambda cloud: cloud.settings.tags(TABLE),
    "Scan": lambda cloud: cloud.tables.holds_items("t"),
    "DescribeExport": lambda cloud: cloud.exports.describe(f"{TABLE}/job/01"),
    "ListExports": lambda cloud: cloud.exports.page(),
    "DescribeBackup": lambda cloud: cloud.snapshots.describe(SNAPSHOT),
    "ListBackups": lambda cloud: list(cloud.snapshots.of_table("t")),
    "RestoreTableFromBackup": lambda cloud: cloud.snapshots.restore(SnapshotRestoreRequest(SNAPSHOT, "t-2")),
    "CreateBackup": lambda cloud: cloud.snapshots.create("t", "nightly"),
    "DescribeImport": lambda cloud: cloud.imports.describe(f"{TABLE}/job/01"),
    "ListImports": lambda cloud: cloud.imports.page(table_arn=TABLE),
    "ListObjectsV2": lambda cloud: list(cloud.objects.keys("b", "p/")),
    "folders": lambda cloud: list(cloud.objects.folders("b", "p/")),
    "GetBucketVersioning": lambda cloud: cloud.buckets.versioned("b"),
    "GetCallerIdentity": lambda cloud: cloud.identity,
}
BODIES = {
    "empty": b"",
    "empty object": b"{}",
    "a list": b"[]",
    "half an object": b'{"TableNames": ["a", "b',
    "HTML": b"<html><body>maintenance</body></html>",
    "half a list of keys": b"<ListBucketResult><Contents><Key>p/a</Key>",
    "not UTF-8": b"\xff\xfe",
}


def answering(body: bytes) -> AbstractContextManager[AwsCloud]:
    """AWS that answers every request with status 200 and this body."""
    return scripted_aws(lambda _: (200, body, {}))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_read_takes_a_broken_body_for_an_empty_result(body: bytes) -> None:
    with answering(body) as cloud:
        for name, read in READS.items():
            with pytest.raises(Unreachable, match="could not"):
                pytest.fail(f"{name} returned {read(cloud)!r}")


def test_a_change_without_a_result_has_no_body_or_an_empty_object() -> None:
    """A page of a gateway does not mean that tags were added."""
    for body in (b"", b"{}"):
        with answering(body) as cloud:
            cloud.settings.tag(TABLE, {"a": "b"})
    with answering(BODIES["HTML"]) as cloud, pytest.raises(Unreachable, match="not a JSON object"):
        cloud.settings.tag(TABLE, {"a": "b"})


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_broken_body_does_not_mean_that_objects_were_deleted(body: bytes) -> None:
    with answering(body) as cloud, pytest.raises(Unreachable, match="could not delete 1 object in"):
        pytest.fail(f"returned {cloud.objects.delete_many('b', ['k'])!r}")


def test_an_object_is_deleted_if_the_response_names_it() -> None:
    with answering(b"<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>") as cloud:
        errors = cloud.objects.delete_many("b", ["a", "b"])
    assert [(key, type(error)) for key, error in errors.items()] == [("b", Unreachable)]


def test_a_response_without_a_body_is_no_object() -> None:
    """Its headers lack what S3 always sends."""
    with answering(b"x") as cloud, pytest.raises(Unreachable, match="lacks ETag"):
        cloud.objects.read("b", "k", limit_bytes=10)
    with (
        answering(b"x") as cloud,
        pytest.raises(Unreachable, match="lacks ETag"),
        cloud.objects.stream("b", "k"),
    ):
        pytest.fail("an object without an ETag was opened")


LISTING = (
    b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents>"
    b"<Key>p/a</Key><Size>1</Size><ETag>&quot;e&quot;</ETag></Contents></ListBucketResult>"
)


@pytest.mark.parametrize("member", ["Key", "Size", "ETag"])
def test_a_listing_with_an_incomplete_object_is_an_error(member: str) -> None:
    """An empty listing is not."""
    with answering(LISTING) as cloud:
        assert [each.key for each in cloud.objects.keys("b", "p/")] == ["p/a"]
    without = LISTING.replace(member.encode(), b"Owner")
    with answering(without) as cloud, pytest.raises(Unreachable, match=f"lacks .*{member}"):
        list(cloud.objects.keys("b", "p/"))
    with answering(b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>") as cloud:
        assert list(cloud.objects.keys("b", "p/")) == []


@pytest.mark.parametrize(
    ("name", "count", "problem"),
    [
        (b"p/a", 1, None),
        (b"q/a", 1, "names an object that was not asked for"),
        (b"p/a", 2, "says another number of objects than it lists"),
        (b"p/a", 0, "says another number of objects than it lists"),
    ],
)
def test_a_listing_that_contradicts_itself_is_an_error(name: bytes, count: int, problem: str | None) -> None:
    """A bit that flips must not make a backup invisible."""
    head = b"<ListBucketResult><Prefix>p/</Prefix><KeyCount>%d</KeyCount>" % count
    body = LISTING.replace(b"<ListBucketResult>", head).replace(b"p/a", name)
    with answering(body) as cloud:
        if problem is None:
            assert [each.key for each in cloud.objects.keys("b", "p/")] == ["p/a"]
            return
        with pytest.raises(Unreachable, match=problem):
            list(cloud.objects.keys("b", "p/"))


def test_what_a_credential_process_writes_is_not_shown() -> None:
    error = CredentialRetrievalError(provider="custom-process", error_msg="s3cr3t")
    with pytest.raises(AccessDenied) as raised, translate_errors("list tables"):
        raise error
    assert "s3cr3t" not in raised.value.message + raised.value.hint
    assert "credential_process" in raised.value.message


def test_a_configuration_file_that_cannot_be_read_is_a_matter_of_credentials() -> None:
    with pytest.raises(AccessDenied, match="cannot read config: permission denied"), translate_errors("list"):
        raise PermissionError(13, "Permission denied", "config")
