"""The bulk transport: proxies, TLS, credentials, and servers that are slow, silent, or close connections."""

from __future__ import annotations

import base64
import select
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.aws.bulk_http import transport
from ddbbackup.aws.bulk_http.connector import ConnectionOpener, Connector, parse_proxy
from ddbbackup.aws.bulk_http.endpoint import Endpoint
from ddbbackup.aws.session import Connection, forget_sessions
from ddbbackup.errors import CertificateRejected, DdbBackupError, NotSupported, Refused
from ddbbackup.ports import BulkResponse, BulkTransport
from tests.support.fault_proxy import FaultProxy
from tests.support.raw_server import RawServer, read_request, response_with, tunnel

REGION = "eu-west-1"
WRITTEN = b'{"UnprocessedItems":{}}'


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    forget_sessions()


def open_transport(url: str) -> BulkTransport[int]:
    connection = Connection(region=REGION, endpoint_urls=(("dynamodb", url),))
    return AwsBulkAccess(target=connection, source=connection).transport("t")


def send_all(url: str, bodies: list[bytes], *, pause_seconds: float = 0.0) -> list[BulkResponse]:
    """The responses to these batches, sent all at once, or one after the other with a pause in between."""
    sender = open_transport(url)
    responses: dict[int, BulkResponse] = {}
    try:
        for number, body in enumerate(bodies):
            sender.send(number, "BatchWriteItem", body)
            while pause_seconds and sender.in_flight:
                responses.update(sender.receive(0.1))
            time.sleep(pause_seconds)
        while sender.in_flight:
            responses.update(sender.receive(1.0))
    finally:
        sender.close()
    return [responses[number] for number in range(len(bodies))]


def send_one(url: str) -> BulkResponse:
    (response,) = send_all(url, [b"{}"])
    return response


def test_requests_go_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host name exists only for the proxy. Hosts in NO_PROXY are reached without it."""
    with FaultProxy("http://127.0.0.1:9", lambda operation, body: (200, WRITTEN)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.delenv("no_proxy", raising=False)
        assert send_one("http://dynamodb.invalid:8000")[:2] == (200, WRITTEN)
        monkeypatch.setenv("NO_PROXY", "dynamodb.invalid")
        assert send_one("http://dynamodb.invalid:8000").status == 0
    assert proxy.seen == {"BatchWriteItem": 1}


def test_an_untrusted_certificate_stops_the_request(
    monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    """Nothing is sent. AWS_CA_BUNDLE makes the certificate trusted."""
    with FaultProxy("http://127.0.0.1:9", lambda operation, body: (200, WRITTEN), tls=certificate) as server:
        with pytest.raises(
            CertificateRejected, match=r"127\.0\.0\.1 is not trusted \(self-signed certificate\)"
        ):
            send_one(server.url)
        assert server.seen.total() == 0
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        forget_sessions()
        assert send_one(server.url)[:2] == (200, WRITTEN)


def test_refreshed_keys_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials of a role or a process are refreshed by botocore long before they expire."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    script = tmp_path / "credentials.py"
    script.write_text(
        "import datetime, json, pathlib\n"
        f"count = pathlib.Path({str(tmp_path / 'count')!r})\n"
        "n = int(count.read_text()) + 1 if count.exists() else 1\n"
        "count.write_text(str(n))\n"
        "soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)\n"
        "print(json.dumps({'Version': 1, 'AccessKeyId': 'k', 'SecretAccessKey': 's',\n"
        "                  'SessionToken': f'token-{n}', 'Expiration': soon.isoformat()}))\n"
    )
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = {sys.executable} {script}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    source = Connection(region=REGION).credentials()
    first, second = source.current(), source.current()
    assert first.token != second.token


def test_https_goes_through_a_tunnel_and_verifies_the_server(
    monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    """The user name and password in the proxy's URL are percent-encoded."""
    seen: list[str] = []
    with (
        FaultProxy("http://127.0.0.1:9", lambda operation, body: (200, WRITTEN), tls=certificate) as server,
        RawServer(tunnel("me", "p@ss", seen)) as proxy,
    ):
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:p%40ss@127.0.0.1:{proxy.port}")
        assert send_one(server.url)[:2] == (200, WRITTEN)
        assert seen == [server.url.removeprefix("https://")]
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")  # botocore accepts it without http://
        refused = send_one(server.url)
        assert (refused.status, b"407" in refused.body) == (0, True)


def test_plain_requests_authenticate_with_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request line holds the full URL, a header the user name and password."""
    heads: list[bytes] = []

    def script(connection: socket.socket) -> None:
        heads.append(read_request(connection))
        connection.sendall(response_with(WRITTEN))

    with RawServer(script) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        assert send_one("http://dynamodb.invalid:8000").status == 200
    (head,) = heads
    assert head.startswith(b"POST http://dynamodb.invalid:8000/ HTTP/1.1\r\nHost: dynamodb.invalid:8000\r\n")
    assert b"\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n" in head


def test_tls_inside_tls_is_refused_with_an_alternative(monkeypatch: pytest.MonkeyPatch) -> None:
    """An https:// proxy in front of an https:// endpoint, before anything is written."""
    monkeypatch.setenv("HTTPS_PROXY", "https://127.0.0.1:3129")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(NotSupported, match=r"the proxy 127\.0\.0\.1") as refused:
        send_one("https://127.0.0.1:9")
    assert "http://" in refused.value.hint


@pytest.mark.parametrize(
    ("url", "host", "port", "credentials"),
    [
        ("http://proxy:3128", "proxy", 3128, None),
        ("proxy:3128", "proxy", 3128, None),
        ("//proxy", "proxy", 80, None),
        ("HTTPS://proxy/", "proxy", 443, None),
        ("http://[::1]:3128", "::1", 3128, None),
        ("http://me:p%40ss@proxy:3128", "proxy", 3128, "me:p@ss"),
        ("http://me:p#/s@s@proxy:3128", "proxy", 3128, "me:p#/s@s"),
        ("http://me@proxy", "proxy", 80, "me:"),
    ],
)
def test_the_address_of_a_proxy_is_parsed(url: str, host: str, port: int, credentials: str | None) -> None:
    """Also where the password holds what ends the address of a URL: it must not become a host name."""
    proxy = parse_proxy(url)
    assert (proxy.host, proxy.port) == (host, port)
    encoded = base64.b64encode(credentials.encode()).decode() if credentials is not None else ""
    assert proxy.headers == ({"Proxy-Authorization": f"Basic {encoded}"} if encoded else {})
    assert "Basic" not in repr(proxy)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://me:s3cr3t@proxy:99999", Refused),
        ("http://me:s3cr3t@proxy:s3cr3t", Refused),
        ("http://me:s3cr3t@", Refused),
        ("http://me:s3cr3t@[::1", Refused),
        ("socks5://me:s3cr3t@proxy:1080", NotSupported),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(
    url: str, error: type[DdbBackupError]
) -> None:
    """Before anything is written."""
    with pytest.raises(error) as raised:
        parse_proxy(url)
    assert "s3cr3t" not in raised.value.message + raised.value.hint


def test_an_invalid_ca_bundle_is_reported_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With its path, and without retries."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("no certificate")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    with pytest.raises(CertificateRejected, match=r"bundle\.pem \(AWS_CA_BUNDLE\)"):
        send_one("https://127.0.0.1:9")


@pytest.mark.parametrize("tls", [False, True])
def test_connections_are_reused(monkeypatch: pytest.MonkeyPatch, certificate: Path, tls: bool) -> None:
    """Consecutive requests need one connection, concurrent requests at most one each."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))

    def script(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(response_with(WRITTEN))

    with RawServer(script, tls=certificate if tls else None) as server:
        responses = send_all(server.url, [b"{}"] * 5, pause_seconds=0.02)
        assert [each.status for each in responses] == [200] * 5
        assert server.connections == 1
        responses = send_all(server.url, [b"{}"] * 50)
        assert [each[:2] for each in responses] == [(200, WRITTEN)] * 50
        assert server.connections <= 51


@pytest.mark.parametrize("headers", [(), (b"Connection: close",)])
def test_a_server_that_closes_every_connection_loses_no_request(headers: tuple[bytes, ...]) -> None:
    """Announced or not: the next request uses a new connection."""

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(response_with(WRITTEN, *headers))

    with RawServer(script) as server:
        responses = send_all(server.url, [b"{}"] * 4, pause_seconds=0.1)
        assert [each.status for each in responses] == [200] * 4
        assert server.connections == 4


@pytest.mark.parametrize("tls", [False, True])
def test_large_requests_arrive_complete_over_slow_connections(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, tls: bool
) -> None:
    """Larger than the socket buffers, several at a time."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    bodies = [bytes([65 + number]) * (3 << 20) for number in range(4)]
    arrived: list[bytes] = []

    def script(connection: socket.socket) -> None:
        time.sleep(0.1)
        while request := read_request(connection):
            arrived.append(request.partition(b"\r\n\r\n")[2])
            response = response_with(WRITTEN)
            connection.sendall(response[:20])
            time.sleep(0.05)
            connection.sendall(response[20:])

    with RawServer(script, tls=certificate if tls else None) as server:
        responses = send_all(server.url, bodies)
    assert [each[:2] for each in responses] == [(200, WRITTEN)] * 4
    assert sorted(arrived) == bodies


def test_a_request_without_a_response_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its response has status 0, so the caller can send it again."""
    monkeypatch.setattr(transport, "_RESPONSE_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(transport, "_TIMEOUT_CHECK_SECONDS", 0.1)
    with RawServer(lambda connection: time.sleep(30)) as server:
        (response,) = send_all(server.url, [b"{}"])
    assert (response.status, b"no response within" in response.body) == (0, True)


def test_every_request_to_an_unreachable_server_gets_a_response() -> None:
    """Also with more requests than connections that are opened at a time."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    responses = send_all(f"http://127.0.0.1:{port}", [b"{}"] * 40)
    assert {(each.status, b"no connection" in each.body) for each in responses} == {(0, True)}


def test_close_leaves_no_connection_open() -> None:
    """Neither busy connections, nor connections that are still being opened."""
    closed = threading.Semaphore(0)

    def script(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass
        closed.release()

    with RawServer(script) as server:
        sender = open_transport(server.url)
        for number in range(12):
            sender.send(number, "BatchWriteItem", b"{}")
        sender.receive(0.3)
        sender.send(99, "BatchWriteItem", b"{}")
        sender.close()
        time.sleep(0.3)
        assert all(closed.acquire(timeout=5) for _ in range(server.connections))


def test_any_error_while_connecting_is_a_result() -> None:
    """An invalid host name raises ``UnicodeError``; its request must not wait forever."""
    endpoint = Endpoint(f"http://{'a' * 64}.invalid", REGION)
    opener = ConnectionOpener(Connector(endpoint))
    opener.open(1)
    ready, _, _ = select.select([opener.wakeup], [], [], 10)
    assert ready
    (result,) = opener.collect()
    assert str(result).startswith("no connection: ")
    opener.close()


@pytest.mark.parametrize("tls", [False, True])
def test_long_responses_arrive_complete(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, tls: bool
) -> None:
    """Pages of a scan have a megabyte: they come in many pieces, several at a time, with pauses in between."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    pages = [bytes([65 + number]) * ((1 << 20) + number) for number in range(4)]

    def script(connection: socket.socket) -> None:
        while request := read_request(connection):
            response = response_with(pages[int(request.rpartition(b"\r\n\r\n")[2])])
            for end in (30, 200, 70_000, len(response)):
                connection.sendall(response[:end])
                response = response[end:]
                time.sleep(0.02)

    with RawServer(script, tls=certificate if tls else None) as server:
        responses = send_all(server.url, [b"0", b"1", b"2", b"3"])
    assert [(each.status, each.body) for each in responses] == [(200, page) for page in pages]
