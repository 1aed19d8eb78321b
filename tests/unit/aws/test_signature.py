"""Signatures, compared with those of botocore's own signer."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.aws.bulk_http.signature import CONTENT_TYPE, Signer
from ddbbackup.ports import AccessKeys

HOSTS = ["dynamodb.eu-west-1.amazonaws.com", "127.0.0.1:8000", "123456789012.ddb.us-east-1.amazonaws.com"]
printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
moments = st.integers(1_577_836_800, 3_786_912_000)  # 2020 to 2090


def botocore_signature(host: str, body: bytes, keys: AccessKeys, now: float, target: str) -> str:
    """The signature that botocore computes for the same request."""
    request = AWSRequest(
        "POST",
        f"https://{host}/",
        data=body,
        headers={"Content-Type": CONTENT_TYPE, "X-Amz-Target": target, "Host": host},
    )
    signer = SigV4Auth(Credentials(keys.access_key, keys.secret_key, keys.token), "dynamodb", "eu-west-1")
    request.context["timestamp"] = datetime.fromtimestamp(int(now), UTC).strftime("%Y%m%dT%H%M%SZ")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if keys.token is not None:
        request.headers["X-Amz-Security-Token"] = keys.token
    canonical = signer.canonical_request(request)
    text = signer.string_to_sign(request, canonical)
    return str(signer.signature(text, request))


def signature_of(signer: Signer, body: bytes, keys: AccessKeys, now: float) -> str:
    """The signature in the Authorization header."""
    headers = dict(line.split(": ", 1) for line in signer.headers(body, keys, now).decode().splitlines())
    return headers["Authorization"].rpartition("Signature=")[2]


@given(
    host=st.sampled_from(HOSTS),
    bodies=st.lists(st.binary(max_size=200), min_size=1, max_size=4),
    access=printable,
    secret=printable,
    token=st.none() | printable,
    moment=moments,
)
def test_signatures_equal_those_of_botocore(
    host: str, bodies: list[bytes], access: str, secret: str, token: str | None, moment: int
) -> None:
    """For every body, key, token and time, from the cache or not."""
    keys, now, target = AccessKeys(access, secret, token), float(moment), "DynamoDB_20120810.BatchWriteItem"
    signer = Signer(host=host, path="/", region="eu-west-1", target=target)
    for body in bodies:
        assert signature_of(signer, body, keys, now) == botocore_signature(host, body, keys, now, target)


def test_the_cache_ends_with_its_second_and_its_credentials() -> None:
    """A new day or new credentials never get a signature with the old key."""
    signer = Signer(host=HOSTS[0], path="/", region="eu-west-1", target="t")
    before_midnight = time.time() // 86400 * 86400 - 0.5
    for keys in (AccessKeys("a", "s"), AccessKeys("a", "s2"), AccessKeys("a", "s2", "token")):
        for now in (before_midnight, before_midnight + 1):
            assert signature_of(signer, b"{}", keys, now) == botocore_signature(
                HOSTS[0], b"{}", keys, now, "t"
            )


def test_keys_are_hidden_in_repr() -> None:
    """So they are in no traceback and no log."""
    assert "s3cret" not in repr(AccessKeys("key", "s3cret", "t0ken"))
    assert repr(AccessKeys("key", "s3cret")) == "AccessKeys(…)"
