"""Many requests at a time to one DynamoDB endpoint through libcurl's multi interface."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import pycurl

from ddbbackup.aws.credentials import CredentialSource
from ddbbackup.aws.signature import Signer
from ddbbackup.ports import Answer

_CONNECT_SECONDS: Final = 5
_ANSWER_SECONDS: Final = 60
_CONNECTIONS: Final = 256
_TARGET: Final = "DynamoDB_20120810."


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
        usual = {"http": 80, "https": 443}[parts.scheme]
        return host if parts.port in (None, usual) else f"{host}:{parts.port}"

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"


class CurlWire:
    """Implements ``ports.Wire``. Easy handles and connections are used again and again."""

    def __init__(self, endpoint: Endpoint, credentials: CredentialSource) -> None:
        self._endpoint, self._credentials = endpoint, credentials
        self._keys = credentials.keys()
        self._keys_at = time.monotonic()
        self._signers: dict[str, Signer] = {}
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, _CONNECTIONS)
        self._free: list[_Call] = []
        self._busy: dict[pycurl.Curl, _Call] = {}

    @property
    def in_flight(self) -> int:
        return len(self._busy)

    def send(self, tag: Any, operation: Literal["BatchWriteItem", "PutItem"], body: bytes) -> None:
        call = self._free.pop() if self._free else _Call(self._endpoint)
        headers = self._signer(operation).headers(body, self._current_keys(), time.time())
        call.begin(tag, headers, body)
        self._busy[call.easy] = call
        self._multi.add_handle(call.easy)

    def answers(self, seconds: float) -> list[tuple[Any, Answer]]:
        if not self._busy:
            time.sleep(seconds)
            return []
        found = self._perform()
        if not found:
            self._multi.select(seconds)
            found = self._perform()
        return found

    def renew(self) -> bool:
        newer = self._credentials.renewed()
        if newer is None:
            return False
        self._keys, self._keys_at = newer, time.monotonic()
        return True

    def close(self) -> None:
        for easy in self._busy:
            self._multi.remove_handle(easy)
        for call in (*self._busy.values(), *self._free):
            call.easy.close()
        self._busy.clear()
        self._free.clear()
        self._multi.close()

    def _perform(self) -> list[tuple[Any, Answer]]:
        while self._multi.perform()[0] == pycurl.E_CALL_MULTI_PERFORM:
            pass
        found: list[tuple[Any, Answer]] = []
        now = time.monotonic()
        left = 1
        while left:
            left, succeeded, failed = self._multi.info_read()
            for easy in succeeded:
                found.append(self._finish(easy, easy.getinfo(pycurl.RESPONSE_CODE), None, now))
            for easy, _, message in failed:
                found.append(self._finish(easy, 0, message.encode(), now))
        return found

    def _finish(
        self, easy: pycurl.Curl, status: int, failure: bytes | None, now: float
    ) -> tuple[Any, Answer]:
        call = self._busy.pop(easy)
        self._multi.remove_handle(easy)
        self._free.append(call)
        body = b"".join(call.chunks) if failure is None else failure
        return call.tag, Answer(status, body, now - call.sent_at)

    def _current_keys(self) -> Any:
        """Credentials that renew themselves are asked once a second; botocore renews them ahead of time."""
        now = time.monotonic()
        if now - self._keys_at > 1.0:
            self._keys, self._keys_at = self._credentials.keys(), now
        return self._keys

    def _signer(self, operation: str) -> Signer:
        signer = self._signers.get(operation)
        if signer is None:
            end = self._endpoint
            signer = Signer(host=end.host, path=end.path, region=end.region, target=_TARGET + operation)
            self._signers[operation] = signer
        return signer


class _Call:
    """One easy handle, used for one request after the other, and what its present request gathers."""

    __slots__ = ("chunks", "easy", "sent_at", "tag")

    def __init__(self, endpoint: Endpoint) -> None:
        self.chunks: list[bytes] = []
        self.tag: Any = None
        self.sent_at = 0.0
        self.easy = easy = pycurl.Curl()
        easy.setopt(pycurl.WRITEFUNCTION, self.chunks.append)
        easy.setopt(pycurl.URL, endpoint.url)
        easy.setopt(pycurl.POST, 1)
        easy.setopt(pycurl.NOSIGNAL, 1)  # signals and threads do not go together
        easy.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        easy.setopt(pycurl.FOLLOWLOCATION, 0)
        easy.setopt(pycurl.CONNECTTIMEOUT, _CONNECT_SECONDS)
        easy.setopt(pycurl.TIMEOUT, _ANSWER_SECONDS)
        easy.setopt(pycurl.TCP_KEEPALIVE, 1)
        easy.setopt(pycurl.BUFFERSIZE, 4 << 10)  # answers are small, connections many
        easy.setopt(pycurl.PROXY, endpoint.proxy)
        easy.setopt(pycurl.NOPROXY, "")  # botocore has decided about the proxy already
        if endpoint.ca_file is not None:
            easy.setopt(pycurl.CAINFO, endpoint.ca_file)

    def begin(self, tag: Any, headers: list[str], body: bytes) -> None:
        self.chunks.clear()
        self.tag, self.sent_at = tag, time.monotonic()
        self.easy.setopt(pycurl.HTTPHEADER, [*headers, "Expect:"])
        self.easy.setopt(pycurl.POSTFIELDS, body)
