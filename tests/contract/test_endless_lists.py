"""A list that repeats the tokens of its pages, or that is cut without one, ends with an error.

botocore notices only a token that is repeated at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.errors import Unreachable
from tests.support.scripted_aws import scripted_aws

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/t"
S3_PAGE = "<ListBucketResult><IsTruncated>true</IsTruncated>{}</ListBucketResult>"
READS: dict[str, tuple[str, Callable[[AwsCloud], Any]]] = {
    "ListTables": (
        '{"TableNames": [], "LastEvaluatedTableName": "TOKEN"}',
        lambda cloud: list(cloud.tables.names()),
    ),
    "ListBackups": (
        '{"BackupSummaries": [], "LastEvaluatedBackupArn": "TOKEN-longer-than-thirty-six-characters"}',
        lambda cloud: list(cloud.snapshots.of_table("t")),
    ),
    "ListTagsOfResource": ('{"Tags": [], "NextToken": "TOKEN"}', lambda cloud: cloud.settings.tags(TABLE)),
    "Scan": (
        '{"Count": 0, "LastEvaluatedKey": {"id": {"S": "TOKEN"}}}',
        lambda cloud: cloud.tables.holds_items("t"),
    ),
    "DescribeScalableTargets": (
        '{"ScalableTargets": [], "NextToken": "TOKEN"}',
        lambda cloud: cloud.scaling.targets(["table/t"]),
    ),
    "keys": (
        S3_PAGE.format("<NextContinuationToken>TOKEN</NextContinuationToken>"),
        lambda cloud: list(cloud.objects.keys("b", "p/")),
    ),
    "folders": (
        S3_PAGE.format("<NextContinuationToken>TOKEN</NextContinuationToken>"),
        lambda cloud: list(cloud.objects.folders("b", "p/")),
    ),
}


@contextmanager
def answering(body: str) -> Iterator[AwsCloud]:
    """AWS whose pages have the tokens aaa, bbb, aaa and so on in place of TOKEN; it gives up after a hundred."""
    tokens = itertools.cycle(("aaa", "bbb"))
    left = itertools.chain(range(100, 0, -1), itertools.repeat(0))
    with scripted_aws(
        lambda _: (200 if next(left) else 400, body.replace("TOKEN", next(tokens)).encode(), {})
    ) as cloud:
        yield cloud


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.parametrize("name", READS)
def test_a_list_that_goes_in_circles_ends_with_an_error(name: str) -> None:
    body, read = READS[name]
    with answering(body) as cloud, pytest.raises(Unreachable, match="page token"):
        pytest.fail(f"returned {read(cloud)!r}")


@pytest.mark.parametrize("name", ["keys", "folders"])
def test_a_truncated_list_without_a_token_is_not_the_whole_list(name: str) -> None:
    """botocore would take it for the last page."""
    with answering(S3_PAGE.format("")) as cloud, pytest.raises(Unreachable, match="truncated"):
        pytest.fail(f"returned {READS[name][1](cloud)!r}")
