"""Assumed roles: external ids, chains, and renewal before the credentials expire."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ddbbackup.aws.session import Connection, forget_sessions
from ddbbackup.errors import CredentialsUnavailable
from ddbbackup.ports import Place
from tests.support.sts import Sts

HERE = "arn:aws:iam::123456789012:role/ddbbackup"
THERE = "arn:aws:iam::210987654321:role/restore"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    forget_sessions()


@pytest.fixture
def sts() -> Iterator[Sts]:
    with Sts() as running:
        yield running


def plain(sts: Sts) -> Connection:
    return Connection(region="eu-west-1", account="123456789012", endpoint_urls=(("sts", sts.url),))


def test_a_role_is_assumed_once_while_its_credentials_are_valid(sts: Sts) -> None:
    """With its external id, in the region of the caller, and only when credentials are needed."""
    source = plain(sts).assuming(HERE, "external").credentials()
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
    source = plain(sts).assuming(HERE, None).credentials()
    assert [source.current().access_key for _ in range(3)] == ["ASIA1", "ASIA2", "ASIA3"]
    assert {request.external_id for request in sts.requests} == {None}


def test_the_role_of_a_target_is_assumed_with_the_role_of_the_plan(sts: Sts) -> None:
    """Each in the region of the one before it. The connection is restricted to the account of the last."""
    plan = plain(sts).assuming(HERE, None)
    target = plan.at(Place(region="eu-central-1", role_arn=THERE, external_id="xyz"))
    assert (target.region, target.account) == ("eu-central-1", "210987654321")

    assert target.credentials().current().access_key == "ASIA2"

    first, second = sts.requests
    assert (first.access_key, first.role, first.issued_key) == ("AKIA", HERE, "ASIA1")
    assert (second.access_key, second.role, second.external_id) == ("ASIA1", THERE, "xyz")
    assert second.region == "eu-west-1"


def test_both_roles_of_a_chain_are_renewed(sts: Sts) -> None:
    """Credentials of a chained role are valid for one hour at most."""
    sts.validity = timedelta(minutes=5)
    source = plain(sts).assuming(HERE, None).at(Place(role_arn=THERE)).credentials()
    first, second = source.current().access_key, source.current().access_key
    assert first != second
    assert [request.role for request in sts.requests] == [HERE, THERE, HERE, THERE]


def test_credentials_that_aws_rejects_as_expired_are_fetched_again(sts: Sts) -> None:
    """A session that is revoked during a run expires early. Only the role that was rejected is assumed again."""
    source = plain(sts).assuming(HERE, None).at(Place(role_arn=THERE)).credentials()
    before = source.current()
    renewed = source.renew(before.access_key)
    assert renewed is not None
    assert renewed.access_key != before.access_key
    assert [request.role for request in sts.requests] == [HERE, THERE, THERE]


def test_a_role_whose_session_expired_is_assumed_again_for_the_next_role(sts: Sts) -> None:
    """STS says so when the next role is assumed with it."""
    source = plain(sts).assuming(HERE, None).at(Place(role_arn=THERE)).credentials()
    before = source.current()
    sts.expired |= {"ASIA1", "ASIA2"}
    renewed = source.renew(before.access_key)
    assert renewed is not None
    assert [(request.access_key, request.role) for request in sts.requests] == [
        ("AKIA", HERE),
        ("ASIA1", THERE),
        ("AKIA", HERE),
        ("ASIA3", THERE),
    ]


def test_a_role_is_assumed_with_a_profile(sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both may be in a plan. The keys of the environment are not those of the profile, so they are not used."""
    (tmp_path / "config").write_text("[profile p]\naws_access_key_id = AKIAP\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    connection = replace(plain(sts), profile="p").assuming(HERE, None)
    assert connection.credentials().current().access_key == "ASIA1"
    (request,) = sts.requests
    assert (request.access_key, request.role) == ("AKIAP", HERE)


def test_regions_and_roles_share_the_credentials_of_the_plan(sts: Sts) -> None:
    """The role of the plan is assumed once, also for a target in another region that has a role of its own."""
    plan = plain(sts).assuming(HERE, None)
    plan.credentials().current()
    plan.at(Place(region="eu-central-1")).credentials().current()
    plan.at(Place(region="us-east-1", role_arn=THERE)).credentials().current()
    assert [request.role for request in sts.requests] == [HERE, THERE]


def test_a_role_of_the_profile_is_assumed_at_the_sts_of_the_plan(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Once, and with `aws.endpoint_urls.sts`, which may be the only STS that can be reached."""
    (tmp_path / "config").write_text(
        f"[profile p]\nrole_arn = {HERE}\nsource_profile = base\n"
        "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    connection = replace(plain(sts), profile="p")
    for place in (Place(), Place(region="eu-central-1"), Place(region="us-east-1")):
        assert connection.at(place).credentials().current().access_key == "ASIA1"
    assert [(each.access_key, each.region) for each in sts.requests] == [("AKIABASE", "eu-west-1")]


def test_many_threads_renew_a_role_once(sts: Sts) -> None:
    """Each of them has a request in flight that was signed with the old key."""
    source = plain(sts).assuming(HERE, None).credentials()
    old = source.current().access_key
    with ThreadPoolExecutor(16) as pool:
        renewed = list(pool.map(source.renew, [old] * 64))
    assert {keys.access_key for keys in renewed if keys is not None} == {"ASIA2"}
    assert len(sts.requests) == 2


def test_valid_keys_are_used_while_sts_cannot_be_reached(sts: Sts) -> None:
    """They are renewed in their last minutes, and STS may answer again before they expire."""
    sts.validity = timedelta(minutes=5)
    source = plain(sts).assuming(HERE, None).credentials()
    assert source.current().access_key == "ASIA1"
    sts.failing = True
    asked = len(sts.requests)
    assert [source.current().access_key for _ in range(10)] == ["ASIA1"] * 10
    assert len(sts.requests) == asked


def test_an_sts_that_does_not_answer_is_a_passing_fault(sts: Sts) -> None:
    """Exit code 77, and what waits for a job inside AWS waits for it."""
    sts.failing = True
    with pytest.raises(
        CredentialsUnavailable, match=r"the role .* was refused \(ServiceUnavailable\)"
    ) as raised:
        plain(sts).assuming(HERE, None).credentials().current()
    assert raised.value.exit_code == 77


def test_an_account_without_a_role_only_restricts_the_connection(sts: Sts) -> None:
    """`to.account` assumes no role."""
    moved = plain(sts).at(Place(account="333333333333", region="eu-west-3"))
    assert (moved.account, moved.region, moved.roles) == ("333333333333", "eu-west-3", ())
    assert sts.requests == []
