"""Where bulk requests go, and how a connection to there is opened: names, proxies, tunnels, certificates."""

from __future__ import annotations

import base64
import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from ddbbackup.errors import NotSupported, Unreachable

_PORTS: Final = {"http": 80, "https": 443}
_CONNECT_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to send, as botocore resolved it. ``proxy`` is empty for none, ``ca_file`` None for no TLS."""

    url: str
    region: str
    proxy: str = ""
    ca_file: str | None = None

    @property
    def host(self) -> str:
        """As in the Host header: with the port unless it is the scheme's own."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        return host if parts.port in (None, _PORTS[parts.scheme]) else f"{host}:{parts.port}"

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"


class Dialer:
    """Opens connections to one endpoint, through its proxy if it has one; ``http.client`` does the work.

    ``target`` is what requests name in their first line, ``headers`` what the proxy wants with each of them.
    Raises ``Unreachable`` for a CA bundle that cannot be read, ``NotSupported`` for a proxy that would have
    to be spoken to by TLS inside of which TLS is spoken to the endpoint.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._end = urlsplit(endpoint.url)
        self._proxy = _proxy(endpoint.proxy) if endpoint.proxy else None
        secure = "https" in (self._end.scheme, self._proxy.scheme if self._proxy is not None else "")
        self._context = _context(endpoint.ca_file) if secure else None
        self._tunnel = self._proxy is not None and self._end.scheme == "https"
        self.target, self.headers = endpoint.path, {}
        if self._proxy is not None and self._tunnel and self._proxy.scheme == "https":
            raise NotSupported(
                f"the proxy {self._proxy.hostname} wants TLS, and so does AWS inside of it: writing cannot do both",
                hint="give the proxy as http://…: what goes through it is encrypted all the same",
            )
        if self._proxy is not None and not self._tunnel:
            self.target = f"http://{endpoint.host}{endpoint.path}"
            self.headers = _authorization(self._proxy)

    def connect(self) -> socket.socket:
        """A connected socket that never blocks. Takes up to some seconds.

        Raises ``OSError``, and ``HTTPException`` for a proxy that does not speak HTTP.
        """
        first = self._proxy or self._end
        host, port = first.hostname or "", first.port or _PORTS[first.scheme]
        connection = (
            HTTPConnection(host, port, timeout=_CONNECT_SECONDS)
            if self._context is None
            else HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=self._context)
        )
        if self._proxy is not None and self._tunnel:
            through = self._end.port or _PORTS[self._end.scheme]
            connection.set_tunnel(self._end.hostname or "", through, _authorization(self._proxy))
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        found: socket.socket = connection.sock
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        found.setblocking(False)
        return found


def _context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise Unreachable(
            f"the CA bundle {ca_file} cannot be used: {error}", hint="look at AWS_CA_BUNDLE and `ca_bundle`"
        ) from error
    return context


def _proxy(url: str) -> SplitResult:
    """``host:port`` is a proxy too, as botocore has it."""
    return urlsplit(url if url.startswith(("http://", "https://")) else f"http://{url.removeprefix('//')}")


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
