"""Roles: assumed with their external id, through each other, and again before their credentials end."""

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


def test_a_role_is_assumed_once_for_as_long_as_it_lasts(sts: Sts) -> None:
    """With its external id, in the region of whoever assumes it, and only when credentials are needed."""
    source = CredentialSource(plain(sts).assuming(HERE, "external"))
    assert sts.asked == []
    for _ in range(5):
        assert source.current().access_key == "ASIA1"
    (asked,) = sts.asked
    assert (asked.by, asked.region, asked.role, asked.external_id) == ("AKIA", "eu-west-1", HERE, "external")


def test_a_role_whose_credentials_end_is_assumed_again(sts: Sts) -> None:
    """botocore refreshes credentials ten minutes before they expire, so every signature is made with valid keys."""
    sts.lasts = timedelta(minutes=5)
    source = CredentialSource(plain(sts).assuming(HERE, None))
    assert [source.current().access_key for _ in range(3)] == ["ASIA1", "ASIA2", "ASIA3"]
    assert {asked.external_id for asked in sts.asked} == {None}


def test_a_role_of_the_target_is_assumed_through_that_of_the_plan(sts: Sts) -> None:
    """Each in the region of the one before it; the guard becomes the account of the last."""
    plan = plain(sts).assuming(HERE, None)
    target = plan.at(Place(region="eu-central-1", role_arn=THERE, external_id="xyz"))
    assert (target.region, target.account) == ("eu-central-1", "210987654321")

    assert CredentialSource(target).current().access_key == "ASIA2"

    first, second = sts.asked
    assert (first.by, first.role, first.given) == ("AKIA", HERE, "ASIA1")
    assert (second.by, second.role, second.external_id) == ("ASIA1", THERE, "xyz")
    assert second.region == "eu-west-1"


def test_both_roles_of_a_chain_are_renewed(sts: Sts) -> None:
    """A chained role lasts an hour at most, whatever it is set to; so does what it was assumed with."""
    sts.lasts = timedelta(minutes=5)
    source = CredentialSource(plain(sts).assuming(HERE, None).at(Place(role_arn=THERE)))
    first, second = source.current().access_key, source.current().access_key
    assert first != second
    assert [asked.role for asked in sts.asked] == [HERE, THERE, HERE, THERE]


def test_credentials_that_aws_calls_expired_are_fetched_anew(sts: Sts) -> None:
    """A session that is revoked during a run expires early; the transport then reloads its keys."""
    source = CredentialSource(plain(sts).assuming(HERE, None).at(Place(role_arn=THERE)))
    before = source.current()
    renewed = source.reload()
    assert renewed is not None
    assert renewed.access_key != before.access_key
    assert len(sts.asked) == 4


def test_an_account_without_a_role_is_only_a_guard(sts: Sts) -> None:
    """`to.account` says where it must run, not as whom."""
    moved = plain(sts).at(Place(account="333333333333", region="eu-west-3"))
    assert (moved.account, moved.region, moved.roles) == ("333333333333", "eu-west-3", ())
    assert sts.asked == []
