"""Many requests at a time to one DynamoDB endpoint, each on a connection of its own that is kept for the next."""

from __future__ import annotations

import selectors
import time
from collections import deque
from typing import Any, Final, Literal

from ddbbackup import __version__
from ddbbackup.aws.bulk_http.channel import Channel
from ddbbackup.aws.bulk_http.credentials import CredentialSource
from ddbbackup.aws.bulk_http.dialing import Dialing
from ddbbackup.aws.bulk_http.endpoint import Dialer, Endpoint
from ddbbackup.aws.bulk_http.response import BadAnswer, Response
from ddbbackup.aws.bulk_http.signature import Keys, Signer
from ddbbackup.ports import Answer

_ANSWER_SECONDS: Final = 60
_LOOK_SECONDS: Final = 1.0
_FRESH_SECONDS: Final = 0.05  # a connection that idled longer is looked at before it is used
_TARGET: Final = "DynamoDB_20120810."
_READ: Final = selectors.EVENT_READ
_WRITE: Final = selectors.EVENT_WRITE

Operation = Literal["BatchWriteItem", "PutItem"]


class HttpWire:
    """Implements ``ports.Wire`` with sockets that never block and one selector over them.

    Why not a library: docs/decisions/0001. Connecting, proxies and TLS are ``http.client``'s, see ``Dialer``.
    """

    def __init__(self, endpoint: Endpoint, credentials: CredentialSource) -> None:
        self._endpoint, self._credentials = endpoint, credentials
        self._keys = credentials.keys()
        self._keys_at = self._looked_at = time.monotonic()
        self._signers: dict[str, Signer] = {}
        dialer = Dialer(endpoint)
        headers = {"Host": endpoint.host, "User-Agent": f"ddbbackup/{__version__}", **dialer.headers}
        lines = (f"POST {dialer.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()))
        self._head = "".join(f"{line}\r\n" for line in lines).encode()
        self._dialing = Dialing(dialer)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._dialing.bell, _READ)
        self._free: list[Channel] = []
        self._busy: set[Channel] = set()
        self._waiting: deque[tuple[Any, bytes]] = deque()  # tags and requests that have no connection yet
        self._found: list[tuple[Any, Answer]] = []

    @property
    def in_flight(self) -> int:
        return len(self._busy) + len(self._waiting) + len(self._found)

    def send(self, tag: Any, operation: Operation, body: bytes) -> None:
        signed = self._signer(operation).headers(body, self._current_keys(), time.time())
        request = b"%b%bContent-Length: %d\r\n\r\n%b" % (self._head, signed, len(body), body)
        channel = self._rested()
        if channel is not None:
            self._begin(channel, tag, request)
        else:
            self._waiting.append((tag, request))
            self._dialing.want(len(self._waiting))

    def answers(self, seconds: float) -> list[tuple[Any, Answer]]:
        ready = self._selector.select(0.0 if self._found else seconds)
        now = time.monotonic()
        for key, _ in ready:
            if key.data is None:
                self._meet()
            else:
                self._attend(key.data, now)
        if now - self._looked_at > _LOOK_SECONDS:
            self._give_up_on_overdue(now)
        found, self._found = self._found, []
        return found

    def renew(self) -> bool:
        newer = self._credentials.renewed()
        if newer is None:
            return False
        self._keys, self._keys_at = newer, time.monotonic()
        return True

    def close(self) -> None:
        self._dialing.close()
        for channel in (*self._busy, *self._free):
            channel.close()
        self._busy.clear()
        self._free.clear()
        self._waiting.clear()
        self._selector.close()

    # ---- one connection

    def _rested(self) -> Channel | None:
        """A free one, the last used first: servers hang up on those that idle."""
        now = time.monotonic()
        while self._free:
            channel = self._free.pop()
            if now - channel.idle_since < _FRESH_SECONDS or channel.is_quiet():
                return channel
            self._drop(channel)
        return None

    def _begin(self, channel: Channel, tag: Any, request: bytes) -> None:
        self._busy.add(channel)
        try:
            all_sent = channel.begin(tag, request)
        except OSError as error:
            self._lose(channel, str(error), channel.begun_at)
            return
        if not all_sent:
            self._selector.modify(channel.socket, _READ | _WRITE, channel)

    def _attend(self, channel: Channel, now: float) -> None:
        if channel not in self._busy:
            if channel in self._free and not channel.is_quiet():
                self._free.remove(channel)
                self._drop(channel)
            return
        try:
            if channel.unsent and channel.flush():
                self._selector.modify(channel.socket, _READ, channel)
            response = channel.receive()
        except (OSError, BadAnswer) as error:
            self._lose(channel, str(error), now)
            return
        if response is not None:
            self._end(channel, response, now)

    def _end(self, channel: Channel, response: Response, now: float) -> None:
        self._found.append((channel.tag, Answer(response.status, response.body, now - channel.begun_at)))
        self._busy.discard(channel)
        if not response.keep or channel.unsent:
            self._drop(channel)
        elif self._waiting:
            self._begin(channel, *self._waiting.popleft())
        else:
            channel.idle_since = now
            self._free.append(channel)

    def _lose(self, channel: Channel, why: str, now: float) -> None:
        self._found.append((channel.tag, Answer(0, why.encode(), now - channel.begun_at)))
        self._busy.discard(channel)
        self._drop(channel)

    def _drop(self, channel: Channel) -> None:
        self._selector.unregister(channel.socket)
        channel.close()
        self._dialing.want(len(self._waiting))

    def _give_up_on_overdue(self, now: float) -> None:
        self._looked_at = now
        for channel in [each for each in self._busy if now - each.begun_at > _ANSWER_SECONDS]:
            self._lose(channel, f"there was no answer within {_ANSWER_SECONDS} s", now)

    # ---- new connections

    def _meet(self) -> None:
        """Takes what was dialled: a request that waits fails with each attempt that failed."""
        for found in self._dialing.results():
            if isinstance(found, str):
                if self._waiting:
                    tag, _ = self._waiting.popleft()
                    self._found.append((tag, Answer(0, found.encode(), 0.0)))
                continue
            channel = Channel(found)
            self._selector.register(found, _READ, channel)
            if self._waiting:
                self._begin(channel, *self._waiting.popleft())
            else:
                self._free.append(channel)
        self._dialing.want(len(self._waiting))

    # ---- signing

    def _current_keys(self) -> Keys:
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
