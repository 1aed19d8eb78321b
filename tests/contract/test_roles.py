"""Assumed roles: external ids, chains, and renewal before the credentials expire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ddbbackup.aws.bulk_http.credentials import CredentialSource
from ddbbackup.aws.session import Connection
from ddbbackup.ports import Place
from tests.support.sts import Sts

HERE = "arn:aws:iam::123456789012:role/ddbbackup"
THERE = "arn:aws:iam::210987654321:role/restore"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")


@pytest.fixture
def sts() -> Iterator[Sts]:
    with Sts() as running:
        yield running


def plain(sts: Sts) -> Connection:
    return Connection(region="eu-west-1", account="123456789012", endpoint_urls=(("sts", sts.url),))


def test_a_role_is_assumed_once_while_its_credentials_are_valid(sts: Sts) -> None:
    """With its external id, in the region of the caller, and only when credentials are needed."""
    source = CredentialSource(plain(sts).assuming(HERE, "external"))
    assert sts.requests == []
    for _ in range(5):
        assert source.current().access_key == "ASIA1"
    (request,) = sts.requests
    assert (request.access_key, request.region, request.role, request.external_id) == (
        "AKIA",
        "eu-west-1",
        HERE,
        "external",
    )


def test_a_role_is_assumed_again_before_its_credentials_expire(sts: Sts) -> None:
    """botocore renews credentials in their last ten minutes, so that requests are always signed with valid keys."""
    sts.validity = timedelta(minutes=5)
    source = CredentialSource(plain(sts).assuming(HERE, None))
    assert [source.current().access_key for _ in range(3)] == ["ASIA1", "ASIA2", "ASIA3"]
    assert {request.external_id for request in sts.requests} == {None}


def test_the_role_of_a_target_is_assumed_with_the_role_of_the_plan(sts: Sts) -> None:
    """Each in the region of the one before it. The connection is restricted to the account of the last."""
    plan = plain(sts).assuming(HERE, None)
    target = plan.at(Place(region="eu-central-1", role_arn=THERE, external_id="xyz"))
    assert (target.region, target.account) == ("eu-central-1", "210987654321")

    assert CredentialSource(target).current().access_key == "ASIA2"

    first, second = sts.requests
    assert (first.access_key, first.role, first.issued_key) == ("AKIA", HERE, "ASIA1")
    assert (second.access_key, second.role, second.external_id) == ("ASIA1", THERE, "xyz")
    assert second.region == "eu-west-1"


def test_both_roles_of_a_chain_are_renewed(sts: Sts) -> None:
    """Credentials of a chained role are valid for one hour at most."""
    sts.validity = timedelta(minutes=5)
    source = CredentialSource(plain(sts).assuming(HERE, None).at(Place(role_arn=THERE)))
    first, second = source.current().access_key, source.current().access_key
    assert first != second
    assert [request.role for request in sts.requests] == [HERE, THERE, HERE, THERE]


def test_credentials_that_aws_rejects_as_expired_are_fetched_again(sts: Sts) -> None:
    """A session that is revoked during a run expires early; the transport then reloads its keys."""
    source = CredentialSource(plain(sts).assuming(HERE, None).at(Place(role_arn=THERE)))
    before = source.current()
    renewed = source.reload()
    assert renewed is not None
    assert renewed.access_key != before.access_key
    assert len(sts.requests) == 4


def test_an_account_without_a_role_only_restricts_the_connection(sts: Sts) -> None:
    """`to.account` assumes no role."""
    moved = plain(sts).at(Place(account="333333333333", region="eu-west-3"))
    assert (moved.account, moved.region, moved.roles) == ("333333333333", "eu-west-3", ())
    assert sts.requests == []
