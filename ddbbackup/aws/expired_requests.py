"""Sends requests again whose credentials expired on the way, signed by renewed ones.

A source renews credentials before they expire, so far as it knows when that is. It does not know of a session that is
ended early, of session keys without a time in the environment or in a file, or of a clock that is slow. AWS then
rejects every request that is in flight.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ddbbackup.aws.credential_errors import EXPIRED
from ddbbackup.aws.credentials import CredentialSource
from ddbbackup.errors import DdbBackupError

_MAX_RESENDS: Final = 3  # of one request: new credentials that are rejected again and again are no use
_CREDENTIAL: Final = re.compile(r"Credential=([^/,\s]+)/")
_SIGNED_BY: Final = "ddbbackup_signed_by"
_RESENDS: Final = "ddbbackup_resends"


def resend_expired_requests(client: Any, source: CredentialSource) -> None:
    """Makes the client renew ``source`` for expired requests and send them again. No effect the second time."""

    def resend(response: Any, operation: Any, request_dict: Any, **_: Any) -> float | None:
        context = request_dict["context"]
        if response is None or not _has_expired(response[1], operation.name):
            return None
        context[_RESENDS] = context.get(_RESENDS, 0) + 1
        if context[_RESENDS] > _MAX_RESENDS:
            return None
        return 0.0 if _renew(source, context.get(_SIGNED_BY, ""), response[1]) else None

    # The handlers of botocore sign the request before the last handler runs.
    events = client.meta.events
    events.register_last("request-created", _note_key, unique_id="ddbbackup-note-key")
    events.register("needs-retry", resend, unique_id="ddbbackup-resend-expired")


def _note_key(request: Any, **_: Any) -> None:
    header = request.headers.get("Authorization", "")
    found = _CREDENTIAL.search(header.decode("latin-1") if isinstance(header, bytes) else header)
    request.context[_SIGNED_BY] = found[1] if found else ""


def _has_expired(parsed: Any, operation: str) -> bool:
    code = parsed.get("Error", {}).get("Code")
    return code in EXPIRED or (code == "400" and operation.startswith("Head"))


def _renew(source: CredentialSource, rejected: str, parsed: Any) -> bool:
    """The 400 of a HEAD request may have another cause, so that it alone does not make credentials unusable."""
    try:
        return source.renew(rejected) is not None
    except DdbBackupError:
        if parsed["Error"]["Code"] == "400":
            return False
        raise
