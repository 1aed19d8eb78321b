"""Endpoints of AWS are told from emulators by the partitions that the SDK knows."""

from __future__ import annotations

from typing import Any

import boto3
import botocore.session
import pytest

from ddbbackup.aws.session import is_aws_url

PARTITIONS: list[dict[str, Any]] = botocore.session.get_session().get_data("endpoints")["partitions"]
REGIONS = [region for each in PARTITIONS for region in each["regions"]]


@pytest.mark.parametrize("region", REGIONS)
def test_an_endpoint_of_any_partition_is_of_aws(region: str) -> None:
    """By the URL that the SDK resolves: China, GovCloud, sovereign and isolated partitions too."""
    session = boto3.Session("a", "b", region_name=region)
    assert is_aws_url(session.client("dynamodb").meta.endpoint_url)


@pytest.mark.parametrize("each", PARTITIONS, ids=lambda each: str(each["partition"]))
def test_every_domain_of_a_partition_is_of_aws(each: dict[str, Any]) -> None:
    """Also those of its dual-stack and FIPS endpoints."""
    variants = each.get("defaults", {}).get("variants", [])
    for suffix in {each["dnsSuffix"], *(variant["dnsSuffix"] for variant in variants)}:
        assert is_aws_url(f"https://dynamodb.some-region-1.{suffix}")
        assert is_aws_url(f"https://vpce-1-2.dynamodb.some-region-1.vpce.{suffix}")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "http://localhost",
        "https://dynamodb.example.com",
        "https://notamazonaws.com",
        "https://amazonaws.com.example.org",
        "not a url",
    ],
)
def test_anything_else_is_an_emulator(url: str) -> None:
    """AWS must not be asked about what an emulator does."""
    assert not is_aws_url(url)
