"""The bulk wire itself: through a proxy, under TLS with the user's own bundle, with keys that renew themselves."""

from __future__ import annotations

import datetime
import ipaddress
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ddbbackup.aws.credentials import CredentialSource
from ddbbackup.aws.items import BulkWorld
from ddbbackup.aws.session import Connection, _client, _session
from ddbbackup.ports import Answer
from tests.support.fault_proxy import FaultProxy

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
    wire = BulkWorld(target=connection, source=connection).wire("t")
    try:
        wire.send("tag", "BatchWriteItem", b"{}")
        while not (answers := wire.answers(1.0)):
            pass
        ((tag, answer),) = answers
        assert tag == "tag"
        return answer
    finally:
        wire.close()


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
