"""A user and a password in an address become a header; they are never part of a host name."""

from __future__ import annotations

import base64
import socket
from typing import Any

import pytest

from ddbbackup.http_client import DeliveryError, HttpClient, split_credentials
from tests.support.receiver import receiver


def basic(credentials: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}


@pytest.mark.parametrize(
    ("address", "url", "header"),
    [
        ("https://h/x?y=z", "https://h/x?y=z", {}),
        ("https://user:pass@h/x?y=z", "https://h/x?y=z", basic("user:pass")),
        ("http://user@h:8080", "http://h:8080", basic("user:")),
        ("http://us%2Fer:p%40%23ss@[::1]:8080/", "http://[::1]:8080/", basic("us/er:p@#ss")),
        ("http://user:p@ss@h/", "http://h/", basic("user:p@ss")),
    ],
)
def test_credentials_leave_the_address(address: str, url: str, header: dict[str, str]) -> None:
    """Basic authorization (RFC 7617), percent-decoded."""
    assert split_credentials(address) == (url, header)


@pytest.mark.parametrize(
    "address",
    ["http://user:s3cr3t#x@h/", "http://user:s3cr3t/x@h/", "http://h:99999/", "http:///x", "ftp://h/"],
)
def test_an_address_without_a_valid_host_is_refused(address: str) -> None:
    """Without a look-up, and without the address in the message."""
    with pytest.raises(DeliveryError) as raised:
        split_credentials(address)
    assert "s3cr3t" not in str(raised.value)


def test_only_the_host_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver would see a password that is part of the name."""
    names: list[Any] = []
    resolve = socket.getaddrinfo

    def spy(host: Any, *arguments: Any, **options: Any) -> Any:
        names.append(host)
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", spy)
    with receiver() as inbox:
        address = inbox.url.replace("http://", "http://user:s3cr3t@")
        HttpClient().send("POST", f"{address}/x", b"", {"X-Token": "t"}, seconds=5)
        HttpClient().send("POST", f"{address}/x", b"", {"authorization": "Bearer t"}, seconds=5)
    assert set(names) == {"127.0.0.1"}
    ours, planned = (request.headers for request in inbox.requests)
    assert ours["Authorization"] == basic("user:s3cr3t")["Authorization"]
    assert planned["Authorization"] == "Bearer t", "a header of the plan comes first"
