"""One parser of S3 URIs."""

from __future__ import annotations

import pytest

from ddbbackup.errors import Refused
from ddbbackup.model.s3_location import S3Location


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        ("s3://acme-vault", S3Location("acme-vault")),
        ("s3://acme-vault/", S3Location("acme-vault")),
        ("s3://acme-vault/ddb/orders/", S3Location("acme-vault", "ddb/orders/")),
        ("s3://acme.vault/a b/\n/é", S3Location("acme.vault", "a b/\n/é")),
        ("s3://acme-vault//x", S3Location("acme-vault", "/x")),
    ],
)
def test_a_uri_names_a_bucket_and_a_key(uri: str, location: S3Location) -> None:
    """Keys are arbitrary text; slashes have no meaning to S3."""
    assert S3Location.parse(uri) == location
    assert S3Location.parse(location.uri) == location


@pytest.mark.parametrize(
    "uri", ["", "acme-vault/key", "s3:/acme-vault", "https://acme-vault/k", "s3://A/k", "s3:///k"]
)
def test_a_text_that_is_not_an_s3_uri_is_refused(uri: str) -> None:
    with pytest.raises(Refused, match="is not an S3 URI") as refused:
        S3Location.parse(uri)
    assert "s3://BUCKET/KEY" in refused.value.hint


def test_a_location_has_an_arn() -> None:
    """Of the object, or of the bucket where there is no key."""
    location = S3Location("acme-vault").with_key("ddb/*")
    assert str(location.arn("aws-cn")) == "arn:aws-cn:s3:::acme-vault/ddb/*"
    assert str(S3Location("acme-vault").arn("aws")) == "arn:aws:s3:::acme-vault"
    assert str(location) == "s3://acme-vault/ddb/*"
