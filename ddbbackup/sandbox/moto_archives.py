"""Archived objects, which moto knows in part: what GetObject, HeadObject, ListObjectsV2 and RestoreObject answer.

AWS jobs read objects by GetObject, and ask ``is_readable``.

Sources: S3 guide (Working with archived objects; Restoring an archived object) and botocore's model of these calls.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import unescape
from typing import Any, Final
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from moto.s3.models import FakeKey, s3_backends
from moto.s3.responses import S3Response

_ORIGINAL_GET: Final = S3Response.get_object
_ORIGINAL_LIST: Final = S3Response.list_objects_v2
_ORIGINAL_HEAD: Final = S3Response.head_object
_ORIGINAL_POST: Final = S3Response._key_response_post
_CLASSES: Final = ("GLACIER", "DEEP_ARCHIVE")
_TIERS: Final = ("ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS")  # of INTELLIGENT_TIERING
_CONTENTS: Final = re.compile(r"<Contents>.*?</Contents>", re.DOTALL)
_KEY: Final = re.compile(r"<Key>(.*?)</Key>", re.DOTALL)
REFUSAL: Final = ("InvalidObjectState", "The operation is not valid for the object's storage class")


@dataclass(slots=True)
class Archived:
    """``tier``: where the object is. ``retrieving`` until ``expires`` is set, when a copy can be read."""

    tier: str
    retrieving: bool = False
    expires: datetime | None = None

    @property
    def is_readable(self) -> bool:
        return self.expires is not None


_STATES: Final[WeakKeyDictionary[FakeKey, Archived]] = WeakKeyDictionary()


def is_readable(key: FakeKey) -> bool:
    """Whether GetObject returns the object."""
    state = _look_up(key)
    return state is None or state.is_readable


@dataclass(frozen=True, slots=True)
class Retrieval:
    """One RestoreObject, as it was requested."""

    key: str
    tier: str | None
    days: int | None


class MotoArchives:
    """For tests: ``archive`` does what a lifecycle rule does, ``requested`` are the retrievals.

    A retrieval takes ``retrieve_seconds``; None: until ``finish`` is called.
    """

    def __init__(self) -> None:
        self.retrieve_seconds: float | None = 0.5
        self.requested: list[Retrieval] = []

    def install(self) -> None:
        """Replaces moto's handlers."""
        for name, make in (
            ("get_object", self._getting),
            ("head_object", self._heading),
            ("list_objects_v2", self._listing),
            ("_key_response_post", self._posting),
        ):
            setattr(S3Response, name, make())

    def archive(self, bucket: str, key: str, tier: str) -> None:
        """``tier`` is a storage class (GLACIER, DEEP_ARCHIVE, GLACIER_IR) or a tier of INTELLIGENT_TIERING."""
        found = _find(bucket, key)
        found.set_storage_class("INTELLIGENT_TIERING" if tier in _TIERS else tier)
        _STATES.pop(found, None)
        if tier in (*_TIERS, *_CLASSES):
            _STATES[found] = Archived(tier)

    def finish(self, bucket: str, key: str) -> None:
        """Ends the retrieval of an object."""
        self._finish(_find(bucket, key), 1)

    def _finish(self, key: FakeKey, days: int) -> None:
        state = _STATES.get(key)
        if state is None or not state.retrieving:
            return
        if state.tier in _TIERS:  # the object itself moves back
            del _STATES[key]
            return
        state.retrieving, state.expires = False, datetime.now(UTC) + timedelta(days=days)

    def _getting(self) -> Callable[[S3Response], Any]:
        def get_object(response: S3Response) -> Any:
            key = _find_or_none(response.bucket_name, response.parse_key_name())
            state = _look_up(key)
            if state is None or key is None:
                return _ORIGINAL_GET(response)
            if not state.is_readable:
                return _refusal(403, *REFUSAL)
            storage_class = key.storage_class
            key.set_storage_class("STANDARD")  # moto would not return the retrieved copy
            try:
                return _ORIGINAL_GET(response)
            finally:
                key.set_storage_class(storage_class)

        return get_object

    def _heading(self) -> Callable[..., Any]:
        def head_object(response: S3Response, bucket_name: str, *arguments: Any, **more: Any) -> Any:
            answer = _ORIGINAL_HEAD(response, bucket_name, *arguments, **more)
            key = _find_or_none(bucket_name, response.parse_key_name())
            state = _look_up(key)
            if state is None:
                return answer
            status, headers, body = answer
            if state.tier in _TIERS:
                headers["x-amz-archive-status"] = state.tier
            if state.retrieving:
                headers["x-amz-restore"] = 'ongoing-request="true"'
            elif state.expires is not None:
                until = format_datetime(state.expires, usegmt=True)
                headers["x-amz-restore"] = f'ongoing-request="false", expiry-date="{until}"'
            return status, headers, body

        return head_object

    def _listing(self) -> Callable[[S3Response], Any]:
        def list_objects_v2(response: S3Response) -> Any:
            status, headers, body = _ORIGINAL_LIST(response)
            if "RestoreStatus" not in response.headers.get("x-amz-optional-object-attributes", ""):
                return status, headers, body
            text = body.decode() if isinstance(body, bytes) else body
            bucket = response.bucket_name
            return status, headers, _CONTENTS.sub(lambda match: self._with_status(bucket, match[0]), text)

        return list_objects_v2

    def _with_status(self, bucket: str, contents: str) -> str:
        found = _KEY.search(contents)
        key = _find_or_none(bucket, unquote(unescape(found[1]))) if found else None
        state = _look_up(key)
        if state is None or state.tier in _TIERS or not (state.retrieving or state.expires):
            return contents
        expiry = (
            f"<RestoreExpiryDate>{state.expires:%Y-%m-%dT%H:%M:%SZ}</RestoreExpiryDate>"
            if state.expires
            else ""
        )
        running = str(state.retrieving).lower()
        status = (
            f"<RestoreStatus><IsRestoreInProgress>{running}</IsRestoreInProgress>{expiry}</RestoreStatus>"
        )
        return contents.replace("</Contents>", f"{status}</Contents>")

    def _posting(self) -> Callable[..., Any]:
        def post(response: S3Response, request: Any, body: bytes, bucket: str, query: Any, key: str) -> Any:
            if "restore" not in query:
                return _ORIGINAL_POST(response, request, body, bucket, query, key)
            return self._restore(_find_or_none(bucket, key), key, body.decode())

        return post

    def _restore(self, found: FakeKey | None, name: str, body: str) -> Any:
        if found is None:
            return _refusal(404, "NoSuchKey", "The specified key does not exist.")
        state = _look_up(found)
        if state is None:
            message = "Restore is not allowed for the object's current storage class"
            return _refusal(403, "InvalidObjectState", message)
        if state.retrieving:
            return _refusal(409, "RestoreAlreadyInProgress", "Object restore is already in progress")
        tier, days = _element(body, "Tier"), _element(body, "Days")
        if (days is None) != (state.tier in _TIERS):  # a tier has no copy that expires
            return _refusal(400, "MalformedXML", "The XML you provided was not well-formed")
        if tier == "Expedited" and state.tier.startswith("DEEP_ARCHIVE"):
            return _refusal(400, "InvalidArgument", "Retrieval option is not supported by this storage class")
        self.requested.append(Retrieval(name, tier, int(days) if days else None))
        known, state.retrieving = state.is_readable, not state.is_readable
        if not known and self.retrieve_seconds is not None:
            timer = threading.Timer(self.retrieve_seconds, self._finish, (found, int(days or 0)))
            timer.daemon = True
            timer.start()
        return 200 if known else 202, {}, ""


def _look_up(key: FakeKey | None) -> Archived | None:
    """The state of an archived object, also if it was put with its storage class."""
    if key is None:
        return None
    if key not in _STATES and key.storage_class in _CLASSES:
        _STATES[key] = Archived(str(key.storage_class))
    return _STATES.get(key)


def _element(body: str, name: str) -> str | None:
    found = re.search(rf"<{name}>([^<]*)</{name}>", body)
    return found[1] if found else None


def _find(bucket: str, key: str) -> FakeKey:
    found = _find_or_none(bucket, key)
    if found is None:
        raise KeyError(f"{bucket}/{key}")
    return found


def _find_or_none(bucket: str, key: str) -> FakeKey | None:
    if bucket not in s3_backends.bucket_accounts:
        return None
    partition, account = s3_backends.bucket_accounts[bucket]
    found = s3_backends[account][partition].get_object(bucket, key)
    return found if isinstance(found, FakeKey) else None


def _refusal(status: int, code: str, message: str) -> tuple[int, dict[str, str], str]:
    headers = {"content-type": "application/xml"}
    return status, headers, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
