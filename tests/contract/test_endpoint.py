"""Bulk requests use the endpoint, proxy, CA bundle and credentials that botocore would use."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from ddbbackup.aws.bulk_access import AwsBulkAccess, resolve_endpoint
from ddbbackup.aws.session import Connection, forget_sessions
from ddbbackup.errors import AccessDenied
from ddbbackup.tls_trust import CaBundle


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    forget_sessions()


@pytest.mark.parametrize(
    ("environment", "region", "url"),
    [
        ({}, "eu-west-1", "https://dynamodb.eu-west-1.amazonaws.com/"),
        ({}, "cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn/"),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, "us-east-1", "https://dynamodb-fips.us-east-1.amazonaws.com/"),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "eu-west-1", "https://dynamodb.eu-west-1.api.aws/"),
        (
            {"AWS_ACCOUNT_ID": "123456789012"},
            "eu-west-1",
            "https://123456789012.ddb.eu-west-1.amazonaws.com/",
        ),
        (
            {"AWS_ACCOUNT_ID": "123456789012", "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled"},
            "eu-west-1",
            "https://dynamodb.eu-west-1.amazonaws.com/",
        ),
        ({"AWS_ENDPOINT_URL_DYNAMODB": "http://localhost:8000"}, "eu-west-1", "http://localhost:8000/"),
    ],
)
def test_the_endpoint_is_resolved_by_the_sdk(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], region: str, url: str
) -> None:
    """By partition, FIPS, dual-stack, account id, or the environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert resolve_endpoint(Connection(region=region), "t").url == url


def test_the_endpoint_of_a_plan_is_used_with_its_port() -> None:
    """Also in the Host header, as in curl; a default port is left out."""
    connection = Connection(region="eu-west-1", endpoint_urls=(("dynamodb", "http://[::1]:8000"),))
    endpoint = resolve_endpoint(connection, "t")
    assert (endpoint.host, endpoint.path, endpoint.ca_bundle) == ("[::1]:8000", "/", None)
    plain = resolve_endpoint(Connection(region="eu-west-1"), "t")
    assert plain.host == "dynamodb.eu-west-1.amazonaws.com"


def test_proxy_and_ca_bundle_are_those_of_botocore(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """HTTPS_PROXY unless NO_PROXY lists the host; AWS_CA_BUNDLE in place of the packaged certificates."""
    connection = Connection(region="eu-west-1")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.delenv("no_proxy", raising=False)
    assert resolve_endpoint(connection, "t").proxy == "http://proxy:3128"
    monkeypatch.setenv("NO_PROXY", ".amazonaws.com")
    assert resolve_endpoint(connection, "t").proxy == ""
    bundle_of_system = resolve_endpoint(connection, "t").ca_bundle
    assert bundle_of_system is not None
    assert Path(bundle_of_system.path).is_file()
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(Path(bundle_of_system.path).read_bytes())
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    forget_sessions()
    assert resolve_endpoint(connection, "t").ca_bundle == CaBundle(str(bundle), "AWS_CA_BUNDLE")


def test_renewal_finds_the_credentials_of_a_new_sign_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The files are read again; None if nothing has changed."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    text = "[default]\naws_access_key_id = {0}\naws_secret_access_key = s\naws_session_token = {0}\n"
    file.write_text(text.format("old"))
    source = Connection(region="eu-west-1").credentials()
    assert source.current().token == "old"
    assert source.renew("old") is None
    file.write_text(text.format("new"))
    renewed = source.renew("old")
    assert renewed is not None
    assert renewed.token == "new"
    assert source.current().token == "new"


def test_missing_credentials_are_access_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    """With exit code 77, not 70."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(AccessDenied, match="no AWS credentials found"):
        Connection(region="eu-west-1").credentials().current()


def test_bulk_access_can_be_sent_to_other_processes() -> None:
    """It can be pickled, because it holds no client and no secret."""
    connection = Connection(region="eu-west-1", endpoint_urls=(("s3", "http://localhost:9000"),))
    access = AwsBulkAccess(target=connection, source=connection)
    assert pickle.loads(pickle.dumps(access)) == access
