"""Signatures, against botocore's own signer as the oracle."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.aws.bulk_http import signature
from ddbbackup.aws.bulk_http.signature import CONTENT_TYPE, Keys, Signer

HOSTS = ["dynamodb.eu-west-1.amazonaws.com", "127.0.0.1:8000", "123456789012.ddb.us-east-1.amazonaws.com"]
printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
moments = st.integers(1_577_836_800, 3_786_912_000)  # 2020 to 2090


def oracle(host: str, body: bytes, keys: Keys, now: float, target: str) -> str:
    """What botocore would put into the Authorization header."""
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


def signed_by(signer: Signer, body: bytes, keys: Keys, now: float) -> str:
    """The signature that is in the Authorization header."""
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
def test_signatures_are_botocores(
    host: str, bodies: list[bytes], access: str, secret: str, token: str | None, moment: int
) -> None:
    """For every body, credential, token and moment, also when what was cached is used again."""
    keys, now, target = Keys(access, secret, token), float(moment), "DynamoDB_20120810.BatchWriteItem"
    signer = Signer(host=host, path="/", region="eu-west-1", target=target)
    for body in bodies:
        assert signed_by(signer, body, keys, now) == oracle(host, body, keys, now, target)


def test_a_new_day_and_new_credentials_are_not_signed_with_the_old_key() -> None:
    """What is cached is cached for its second and its credentials only."""
    signer = Signer(host=HOSTS[0], path="/", region="eu-west-1", target="t")
    night = time.time() // 86400 * 86400 - 0.5
    for keys in (Keys("a", "s"), Keys("a", "s2"), Keys("a", "s2", "token")):
        for now in (night, night + 1):
            assert signed_by(signer, b"{}", keys, now) == oracle(HOSTS[0], b"{}", keys, now, "t")


def test_keys_do_not_show_themselves() -> None:
    """Not in a traceback, not in a log."""
    assert "s3cret" not in repr(Keys("key", "s3cret", "t0ken"))
    assert signature.Keys.__repr__(Keys("key", "s3cret")) == "Keys(…)"
