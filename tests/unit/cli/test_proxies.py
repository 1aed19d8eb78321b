"""Proxies that would not work are named by their variable, never by their address."""

from __future__ import annotations

import pytest

from ddbbackup.cli.proxies import check_proxies
from ddbbackup.errors import UsageError

LOCAL = {"dynamodb": "http://10.0.0.1:1", "s3": "http://10.0.0.1:1", "sts": "http://10.0.0.1:1"}


@pytest.mark.parametrize(
    ("proxy", "reason"),
    [
        ("http://user:s3cr3t#x@127.0.0.1:1", "its user name or password contains `#`"),
        ("http://user:s3cr3t/x@127.0.0.1:1", "its user name or password contains `/`"),
        ("user:s3cr3t?x@127.0.0.1:1", "its user name or password contains `?`"),
        ("http://user:s3cr3t@127.0.0.1:99999", "its host or port is invalid"),
        ("http://user:s3cr3t@127.0.0.1:x", "its host or port is invalid"),
        ("http://user:s3cr3t@[::1", "its host or port is invalid"),
        ("http://user:s3cr3t@", "its host or port is invalid"),
        ("socks5://user:s3cr3t@127.0.0.1:1", "SOCKS proxies are not supported"),
        ("socks5h://user:s3cr3t@127.0.0.1:1", "SOCKS proxies are not supported"),
        ("ftp://user:s3cr3t@127.0.0.1:1", "its scheme is not http or https"),
    ],
)
@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY"])
def test_a_proxy_that_cannot_work_is_a_usage_error(name: str, proxy: str, reason: str) -> None:
    """One sentence without the address, one thing to do."""
    with pytest.raises(UsageError) as raised:
        check_proxies({}, {name: proxy})
    assert raised.value.message == f"cannot use the proxy in {name}: {reason}"
    assert "s3cr3t" not in raised.value.hint


@pytest.mark.parametrize(
    "proxy",
    [
        "http://proxy:3128",
        "https://proxy",
        "proxy:3128",
        "http://user:p%2Fss%40@proxy:3128/",
        "http://user:p@ss@proxy:3128",
        "http://[::1]:3128",
        "",
    ],
)
def test_other_proxies_are_accepted(proxy: str) -> None:
    """As the AWS SDK accepts them."""
    check_proxies({}, {"HTTPS_PROXY": proxy})


def test_a_proxy_that_no_request_passes_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the schemes of the endpoints, NO_PROXY, and an empty `https_proxy`, which turns off HTTPS_PROXY (urllib)."""
    bad = "socks5://127.0.0.1:1"
    check_proxies({}, {"http_proxy": bad, "ALL_PROXY": bad})
    check_proxies(LOCAL, {"HTTPS_PROXY": bad})
    check_proxies({}, {"https_proxy": "", "HTTPS_PROXY": bad})
    with pytest.raises(UsageError):
        check_proxies(LOCAL, {"http_proxy": bad})
    monkeypatch.setenv("NO_PROXY", "10.0.0.1")
    check_proxies(LOCAL, {"http_proxy": bad})
