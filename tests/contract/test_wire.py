"""The bulk wire itself: proxies, TLS, servers that hang up, are slow or silent, keys that renew themselves."""

from __future__ import annotations

import datetime
import ipaddress
import select
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ddbbackup.aws.bulk_http import wire
from ddbbackup.aws.bulk_http.credentials import CredentialSource
from ddbbackup.aws.bulk_http.dialing import Dialing
from ddbbackup.aws.bulk_http.endpoint import Dialer, Endpoint
from ddbbackup.aws.items import BulkAccess
from ddbbackup.aws.session import Connection, _client, _session
from ddbbackup.errors import NotSupported, Unreachable
from ddbbackup.ports import Answer
from tests.support.fault_proxy import FaultProxy
from tests.support.raw_server import RawServer, answer, request_on, tunnel

REGION = "eu-west-1"
WRITTEN = b'{"UnprocessedItems":{}}'


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    _session.cache_clear()
    _client.cache_clear()


def one_answer(url: str) -> Answer:
    """What comes back for one batch that is sent to this endpoint."""
    connection = Connection(region=REGION, endpoint_urls=(("dynamodb", url),))
    sending = BulkAccess(target=connection, source=connection).wire("t")
    try:
        sending.send("tag", "BatchWriteItem", b"{}")
        while not (answers := sending.answers(1.0)):
            pass
        ((tag, answer),) = answers
        assert tag == "tag"
        return answer
    finally:
        sending.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of 127.0.0.1, signed by itself, key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


def test_requests_go_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """To a host that does not exist anywhere else; not for hosts that NO_PROXY names."""
    with FaultProxy("http://127.0.0.1:9", lambda operation, body: (200, WRITTEN)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.delenv("no_proxy", raising=False)
        assert one_answer("http://dynamodb.invalid:8000")[:2] == (200, WRITTEN)
        monkeypatch.setenv("NO_PROXY", "dynamodb.invalid")
        assert one_answer("http://dynamodb.invalid:8000").status == 0
    assert proxy.seen == {"BatchWriteItem": 1}


def test_the_server_is_known_by_the_users_own_bundle_and_by_nothing_less(
    monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    """AWS_CA_BUNDLE makes it trusted; without it the request never leaves."""
    with FaultProxy("http://127.0.0.1:9", lambda operation, body: (200, WRITTEN), tls=certificate) as server:
        refused = one_answer(server.url)
        assert refused.status == 0
        assert b"certificate" in refused.body
        assert server.seen.total() == 0
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        _session.cache_clear()
        _client.cache_clear()
        assert one_answer(server.url)[:2] == (200, WRITTEN)


def test_keys_that_renew_themselves_are_followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As those of a role or a process do: whoever asks again, long before they expire, gets the newer ones."""
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
    source = CredentialSource(Connection(region=REGION))
    first, second = source.keys(), source.keys()
    assert first.token != second.token


def answers_of(url: str, bodies: list[bytes], *, pause_seconds: float = 0.0) -> list[Answer]:
    """What comes back for these batches: all at once, or one after the other with a pause between them."""
    connection = Connection(region=REGION, endpoint_urls=(("dynamodb", url),))
    sending = BulkAccess(target=connection, source=connection).wire("t")
    found: dict[int, Answer] = {}
    try:
        for number, body in enumerate(bodies):
            sending.send(number, "BatchWriteItem", body)
            while pause_seconds and sending.in_flight:
                found.update(sending.answers(0.1))
            time.sleep(pause_seconds)
        while sending.in_flight:
            found.update(sending.answers(1.0))
    finally:
        sending.close()
    return [found[number] for number in range(len(bodies))]


def test_a_proxy_carries_a_tunnel_in_which_the_servers_certificate_counts(
    monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    """With the proxy's user and password, which are percent-encoded in its address."""
    seen: list[str] = []
    with (
        FaultProxy("http://127.0.0.1:9", lambda operation, body: (200, WRITTEN), tls=certificate) as server,
        RawServer(tunnel("me", "p@ss", seen)) as proxy,
    ):
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:p%40ss@127.0.0.1:{proxy.port}")
        assert one_answer(server.url)[:2] == (200, WRITTEN)
        assert seen == [server.url.removeprefix("https://")]
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")  # without http://, as botocore takes it
        refused = one_answer(server.url)
        assert (refused.status, b"407" in refused.body) == (0, True)


def test_a_plain_request_tells_the_proxy_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its first line where to, in a header of its own by whom."""
    heads: list[bytes] = []

    def script(connection: socket.socket) -> None:
        heads.append(request_on(connection))
        connection.sendall(answer(WRITTEN))

    with RawServer(script) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        assert one_answer("http://dynamodb.invalid:8000").status == 200
    (head,) = heads
    assert head.startswith(b"POST http://dynamodb.invalid:8000/ HTTP/1.1\r\nHost: dynamodb.invalid:8000\r\n")
    assert b"\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n" in head


def test_tls_inside_of_tls_is_refused_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is spoken to by TLS, before an endpoint that is: said before anything is written."""
    monkeypatch.setenv("HTTPS_PROXY", "https://127.0.0.1:3129")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(NotSupported, match=r"the proxy 127\.0\.0\.1") as refused:
        one_answer("https://127.0.0.1:9")
    assert "http://" in refused.value.hint


def test_a_bundle_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With its name; the restore does not try for minutes."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("no certificate")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    with pytest.raises(Unreachable, match=r"bundle\.pem"):
        one_answer("https://127.0.0.1:9")


@pytest.mark.parametrize("sealed", [False, True])
def test_connections_are_kept_and_shared_out(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, sealed: bool
) -> None:
    """One after the other needs one connection, many at once as many as there are requests at most."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))

    def script(connection: socket.socket) -> None:
        while request_on(connection):
            connection.sendall(answer(WRITTEN))

    with RawServer(script, tls=certificate if sealed else None) as server:
        found = answers_of(server.url, [b"{}"] * 5, pause_seconds=0.02)
        assert [each.status for each in found] == [200] * 5
        assert server.connections == 1
        found = answers_of(server.url, [b"{}"] * 50)
        assert [each[:2] for each in found] == [(200, WRITTEN)] * 50
        assert server.connections <= 51


@pytest.mark.parametrize("last_words", [(), (b"Connection: close",)])
def test_a_server_that_hangs_up_after_each_answer_loses_nothing(last_words: tuple[bytes, ...]) -> None:
    """Said beforehand or not: the next request goes on a connection of its own."""

    def script(connection: socket.socket) -> None:
        request_on(connection)
        connection.sendall(answer(WRITTEN, *last_words))

    with RawServer(script) as server:
        found = answers_of(server.url, [b"{}"] * 4, pause_seconds=0.1)
        assert [each.status for each in found] == [200] * 4
        assert server.connections == 4


@pytest.mark.parametrize("sealed", [False, True])
def test_large_requests_get_through_slow_connections_whole(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, sealed: bool
) -> None:
    """Larger than what a socket takes at once, several at a time, to a server in no hurry."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    bodies = [bytes([65 + number]) * (3 << 20) for number in range(4)]
    arrived: list[bytes] = []

    def script(connection: socket.socket) -> None:
        time.sleep(0.1)
        while request := request_on(connection):
            arrived.append(request.partition(b"\r\n\r\n")[2])
            said = answer(WRITTEN)
            connection.sendall(said[:20])
            time.sleep(0.05)
            connection.sendall(said[20:])

    with RawServer(script, tls=certificate if sealed else None) as server:
        found = answers_of(server.url, bodies)
    assert [each[:2] for each in found] == [(200, WRITTEN)] * 4
    assert sorted(arrived) == bodies


def test_silence_is_an_answer_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that nobody answers is given up, and can be sent again."""
    monkeypatch.setattr(wire, "_ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(wire, "_LOOK_SECONDS", 0.1)
    with RawServer(lambda connection: time.sleep(30)) as server:
        (found,) = answers_of(server.url, [b"{}"])
    assert (found.status, b"no answer within" in found.body) == (0, True)


def test_nobody_there_is_said_for_each_request() -> None:
    """More requests than connections are tried at a time; none is forgotten."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = answers_of(f"http://127.0.0.1:{port}", [b"{}"] * 40)
    assert {(each.status, b"no connection" in each.body) for each in found} == {(0, True)}


def test_a_wire_that_is_closed_leaves_no_connection_behind() -> None:
    """With requests on their way, and with connections that are only being opened."""
    hung_up = threading.Semaphore(0)

    def script(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass
        hung_up.release()

    with RawServer(script) as server:
        connection = Connection(region=REGION, endpoint_urls=(("dynamodb", server.url),))
        sending = BulkAccess(target=connection, source=connection).wire("t")
        for number in range(12):
            sending.send(number, "BatchWriteItem", b"{}")
        sending.answers(0.3)
        sending.send("late", "BatchWriteItem", b"{}")
        sending.close()
        time.sleep(0.3)
        assert all(hung_up.acquire(timeout=5) for _ in range(server.connections))


def test_an_attempt_that_fails_in_an_unforeseen_way_is_told_too() -> None:
    """A name that no resolver takes is a ``UnicodeError``: a request must not wait for ever."""
    nameless = Endpoint(f"http://{'a' * 64}.invalid", REGION)
    dialing = Dialing(Dialer(nameless))
    dialing.want(1)
    ready, _, _ = select.select([dialing.bell], [], [], 10)
    assert ready
    (found,) = dialing.results()
    assert str(found).startswith("no connection: ")
    dialing.close()
