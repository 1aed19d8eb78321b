"""One rule of trust for the SDK, the bulk transport, notifications and metrics."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.session import Connection, forget_sessions
from ddbbackup.errors import CertificateRejected
from ddbbackup.http_client import DeliveryError, HttpClient
from ddbbackup.ports import BulkTransport
from tests.support.certificates import make_certificate
from tests.support.raw_server import RawServer, read_request, response_with

TABLES = b'{"TableNames":["t"]}'


def ask_sdk(connection: Connection) -> None:
    assert list(AwsCloud(connection).tables.names()) == ["t"]


def write(connection: Connection) -> None:
    transport: BulkTransport[int] = AwsBulkAccess(target=connection, source=connection).transport("t")
    try:
        transport.send(1, "BatchWriteItem", b"{}")
        while transport.in_flight:
            for _, response in transport.receive(1.0):
                assert response.status == 200
    finally:
        transport.close()


def notify(connection: Connection) -> None:
    url = dict(connection.endpoint_urls)["dynamodb"]
    HttpClient(connection.ca_bundle).send("POST", url, b"{}", {}, seconds=10)


WAYS: dict[str, Callable[[Connection], None]] = {"sdk": ask_sdk, "bulk": write, "notification": notify}


@pytest.fixture
def server(certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RawServer:
    """TLS with a certificate that no system trusts."""
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "config").write_text(f"[profile trusting]\nca_bundle = {certificate}\n")
    forget_sessions()

    def script(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(response_with(TABLES))

    return RawServer(script, tls=certificate)


def connection_to(server: RawServer) -> Connection:
    return Connection(region="eu-west-1", endpoint_urls=(("dynamodb", server.url),))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "profile"])
def test_certificates_of_the_environment_hold_for_every_request(
    server: RawServer, certificate: Path, monkeypatch: pytest.MonkeyPatch, way: str, name: str
) -> None:
    """Also those that the profile names."""
    if name == "profile":
        monkeypatch.setenv("AWS_PROFILE", "trusting")
    else:
        monkeypatch.setenv(name, str(certificate))
    with server:
        WAYS[way](connection_to(server))


@pytest.mark.parametrize("way", WAYS)
def test_an_untrusted_certificate_fails_at_once_and_names_the_bundle(
    server: RawServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    """Nobody waits for a certificate to become another one."""
    other = make_other(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    started = time.monotonic()
    with server, pytest.raises((CertificateRejected, DeliveryError)) as raised:
        WAYS[way](connection_to(server))
    assert f"{other} (REQUESTS_CA_BUNDLE)" in str(raised.value)
    assert "self-signed certificate" in str(raised.value)
    assert server.connections == 1
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("way", WAYS)
def test_certificates_that_cannot_be_loaded_are_named(
    server: RawServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    """Before anything is sent."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    with server, pytest.raises((CertificateRejected, DeliveryError)) as raised:
        WAYS[way](connection_to(server))
    assert "missing.pem (AWS_CA_BUNDLE): no such file" in str(raised.value)
    assert server.connections == 0


def make_other(directory: Path) -> Path:
    """Another certificate, which has not signed that of the server."""
    (directory / "other").mkdir()
    return make_certificate(directory / "other")
