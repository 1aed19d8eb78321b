"""Opens connections to an endpoint, through proxies and with TLS. This blocks, so threads do it."""

from __future__ import annotations

import base64
import contextlib
import queue
import socket
import ssl
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from typing import Final, TypeAlias
from urllib.parse import unquote, urlsplit

from ddbbackup.aws.bulk_http.endpoint import DEFAULT_PORTS, Endpoint
from ddbbackup.errors import CertificateRejected, NotSupported, Refused
from ddbbackup.tls_trust import CaBundle, untrusted_reason

_CONNECT_SECONDS: Final = 5
_MAX_OPENING: Final = 16


Opened: TypeAlias = socket.socket | str | CertificateRejected
"""A connected socket, the reason why there is none, or the reason why there never will be one."""


class Connector:
    """Opens one connection at a time; ``http.client`` resolves names, opens tunnels and starts TLS.

    ``request_target`` goes into the first line of every request, ``proxy_headers`` into its head. Raises
    ``NotSupported`` for TLS inside TLS (an ``https://``
    proxy in front of an ``https://`` endpoint) and for a proxy that is not an HTTP proxy, ``Refused`` for an address
    that is not one.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._ca_bundle = urlsplit(endpoint.url), endpoint.ca_bundle
        self._proxy = parse_proxy(endpoint.proxy) if endpoint.proxy else None
        uses_tls = "https" in (self._endpoint.scheme, self._proxy.scheme if self._proxy is not None else "")
        self._context = _tls_context(endpoint.ca_bundle) if uses_tls else None
        self._tunnel = self._proxy is not None and self._endpoint.scheme == "https"
        self.request_target, self.proxy_headers = endpoint.path, {}
        if self._proxy is not None and self._tunnel and self._proxy.scheme == "https":
            raise NotSupported(
                f"the proxy {self._proxy.host} is reached over TLS (https://), "
                "which is not supported in front of an https:// endpoint",
                hint="set HTTPS_PROXY to an http:// address; requests through it are still encrypted end to end",
            )
        if self._proxy is not None and not self._tunnel:
            self.request_target = f"http://{endpoint.host}{endpoint.path}"
            self.proxy_headers = self._proxy.headers

    def connect(self) -> socket.socket:
        """Returns a connected non-blocking socket. Blocks for up to some seconds.

        Raises ``OSError``, ``HTTPException`` if the proxy does not speak HTTP, and ``CertificateRejected``.
        """
        if self._proxy is not None:
            host, port = self._proxy.host, self._proxy.port
        else:
            host, port = (
                self._endpoint.hostname or "",
                self._endpoint.port or DEFAULT_PORTS[self._endpoint.scheme],
            )
        connection = (
            HTTPConnection(host, port, timeout=_CONNECT_SECONDS)
            if self._context is None
            else HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=self._context)
        )
        if self._proxy is not None and self._tunnel:
            endpoint_port = self._endpoint.port or DEFAULT_PORTS[self._endpoint.scheme]
            connection.set_tunnel(self._endpoint.hostname or "", endpoint_port, self._proxy.headers)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            connection.close()
            raise CertificateRejected(
                f"the certificate of {host} is not trusted ({untrusted_reason(error)}); it was checked with "
                f"{self._ca_bundle or 'the certificates of this system'}",
                hint="set AWS_CA_BUNDLE to a file that holds the certificate of its CA",
            ) from error
        except BaseException:
            connection.close()
            raise
        connected: socket.socket = connection.sock
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connected.setblocking(False)
        return connected


class ConnectionOpener:
    """Opens several connections at a time. ``wakeup`` is readable while there are results to collect."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._results: queue.SimpleQueue[Opened] = queue.SimpleQueue()
        self.wakeup, self._wakeup_sender = socket.socketpair()
        self.wakeup.setblocking(False)
        self._wakeup_sender.setblocking(False)
        self._opening = 0
        self._closed = False

    def open(self, connections: int) -> None:
        """Makes sure that ``connections`` are being opened, or as many as are allowed at a time."""
        while self._opening < min(connections, _MAX_OPENING):
            self._opening += 1
            # A daemon thread: the end of the program does not wait for it.
            threading.Thread(target=self._open_one, name="connect", daemon=True).start()

    def collect(self) -> list[Opened]:
        """The attempts that have ended."""
        with contextlib.suppress(BlockingIOError):
            self.wakeup.recv(4096)
        results = self._take_results()
        self._opening -= len(results)
        return results

    def close(self) -> None:
        """Closes the connections that were opened and never collected, those of running attempts included."""
        self._closed = True
        self._close_results()
        self.wakeup.close()
        self._wakeup_sender.close()

    def _open_one(self) -> None:
        try:
            result: Opened = self._connector.connect()
        except CertificateRejected as error:
            result = error
        except Exception as error:  # noqa: BLE001  # a waiting request must get a response, whatever went wrong
            result = f"no connection: {error}"
        self._results.put(result)
        with contextlib.suppress(OSError):  # the buffer is full, so it is readable anyway; or it is closed
            self._wakeup_sender.send(b"\0")
        if self._closed:
            self._close_results()

    def _close_results(self) -> None:
        for result in self._take_results():
            if isinstance(result, socket.socket):
                result.close()

    def _take_results(self) -> list[Opened]:
        results: list[Opened] = []
        with contextlib.suppress(queue.Empty):
            while True:
                results.append(self._results.get_nowait())
        return results


def _tls_context(ca_bundle: CaBundle | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and host name
    context.set_alpn_protocols(["http/1.1"])
    if ca_bundle is None:
        context.load_default_certs()
        return context
    context.load_verify_locations(ca_bundle.path)  # the SDK client of the same endpoint has loaded it before
    return context


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. ``headers`` hold its password, so ``repr`` does not show them."""

    scheme: str
    host: str
    port: int
    headers: dict[str, str] = field(repr=False)


def parse_proxy(url: str) -> Proxy:
    """Accepts what botocore accepts, also without a scheme: ``host:port`` and ``//host:port``.

    The password ends at the last ``@``, although a URL would end it at ``#`` and ``/`` too. Raises ``NotSupported``
    for another scheme than HTTP and HTTPS, ``Refused`` for an invalid host or port; neither shows the URL.
    """
    scheme, separator, rest = url.rpartition("//")
    scheme = scheme.removesuffix(":").lower() if separator else ""
    scheme = scheme or "http"
    if scheme not in DEFAULT_PORTS:
        raise NotSupported(
            "the proxy of the environment is not an HTTP proxy, and no other kind is supported",
            hint="set HTTPS_PROXY and HTTP_PROXY to an http:// address",
        )
    user_info, at, address = rest.rpartition("@")
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[scheme]
    except ValueError:
        host, port = "", 0
    if not host:
        raise Refused(
            "the address of the proxy in the environment is not valid",
            hint="set HTTPS_PROXY and HTTP_PROXY to http://HOST:PORT; percent-encode the user and the password",
        )
    return Proxy(scheme, host, port, _authorization(user_info) if at else {})


def _authorization(user_info: str) -> dict[str, str]:
    user, _, password = user_info.partition(":")
    credentials = f"{unquote(user)}:{unquote(password)}".encode()
    return {"Proxy-Authorization": "Basic " + base64.b64encode(credentials).decode()}
