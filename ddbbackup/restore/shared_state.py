"""The progress of a restore and the lock of its target, in the vault, so that any machine can continue it.

One object for each target table, ``<root>ddbbackup/_restores/<account>/<region>/<table>/state.json``, where account,
region and table are the target's: two plans with the same bucket and root share it. Plans with other buckets or roots
do not: nothing in one plan names the vaults of the others. Only conditional writes change it. Whoever holds the lock
renews it; one that is not renewed for ``LEASE_SECONDS``, as another machine observes it, is taken over. No clocks are
compared.

The object is a claim: what it says is done is proven by reading it back from the table.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.archive.layout import destination_root, restore_state_key
from ddbbackup.errors import AccessDenied, Conflict, NotSupported, ObjectMissing, Refused, Unreachable
from ddbbackup.model.arn import Arn
from ddbbackup.model.documents import DocumentType, InvalidDocument, encode_document
from ddbbackup.model.encryption import Encryption
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Restore
from ddbbackup.ports import Objects
from ddbbackup.restore.restore_progress import RestoreProgress
from ddbbackup.steps.context import RunContext

LEASE_SECONDS: Final = 30.0
RENEW_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 3.0
_LIMIT_BYTES: Final = 1 << 20
_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDocument:
    """``holder`` is None while no run works on the target; ``renewals`` changes with every sign of life."""

    version: int = 1
    holder: str | None = None
    machine: str | None = None
    run: str | None = None
    renewals: int = 0
    progress: RestoreProgress | None = None


_DOCUMENT: Final = DocumentType(SharedDocument)


class SharedState:
    """The object of one target. All methods block. Without the right to write it, the state stays on this machine."""

    def __init__(
        self,
        objects: Objects,
        place: S3Location,
        *,
        run: str,
        owner: str | None,
        encryption: Encryption,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._objects, self._place, self._run = objects, place, run
        self._owner, self._encryption = owner, encryption
        self._sleep = sleep
        self._holder = secrets.token_hex(16)
        self._document = SharedDocument()
        self._etag: str | None = None
        self._changing = threading.Lock()  # one thread renews the lock while another saves progress
        self.unavailable: str | None = None

    def acquire(self, *, machine: str) -> None:
        """Raises ``Refused`` if a run on another machine works on the target.

        A lock of this machine is taken over at once: whoever calls this holds the local lock, so the run that left it
        has ended. One of another machine is watched for ``LEASE_SECONDS``.
        """
        for _ in range(_TRIES):
            try:
                document, etag = self._read()
            except (AccessDenied, NotSupported) as error:
                self.unavailable = error.message
                return
            if document.holder is not None and document.machine != machine:
                self._watch(document)
            mine = replace(
                document,
                holder=self._holder,
                machine=machine,
                run=self._run,
                renewals=document.renewals + 1,
            )
            try:
                self._put(mine, etag)
            except Conflict:
                continue
            except (AccessDenied, NotSupported, ObjectMissing) as error:
                self.unavailable = error.message
                return
            return
        raise self._busy(document)

    def progress(self) -> RestoreProgress | None:
        """As it was when the lock was acquired or last saved; without the lock, as it is now."""
        if self._etag is None and self.unavailable is None:
            try:
                return self._read()[0].progress
            except (AccessDenied, Refused, Unreachable):
                return None
        return self._document.progress

    def save(self, progress: RestoreProgress) -> None:
        """Raises ``Conflict`` if another machine has taken over."""
        with self._changing:
            self._change(progress)

    def renew(self) -> None:
        """Raises ``Conflict`` if another machine has taken over."""
        with self._changing:
            self._change(self._document.progress)

    def release(self) -> None:
        """As far as possible: a lock that stays is taken over after ``LEASE_SECONDS``."""
        with self._changing:
            if self._etag is None:
                return
            try:
                self._put(replace(self._document, holder=None, machine=None, run=None), self._etag)
            except (AccessDenied, Refused, Conflict, Unreachable):
                return
            finally:
                self._etag = None

    def _change(self, progress: RestoreProgress | None) -> None:
        if self._etag is None:
            return
        changed = replace(self._document, progress=progress, renewals=self._document.renewals + 1)
        try:
            self._put(changed, self._etag)
        except Conflict:
            document, etag = self._read()
            if document.holder != self._holder:  # not an answer that was lost on its way back
                raise Conflict(
                    "another machine has taken over the restore, because this run did not renew its lock in time",
                    hint="wait until the other run ends, then run the same command again",
                ) from None
            self._put(replace(changed, renewals=document.renewals + 1), etag)

    def _watch(self, document: SharedDocument) -> None:
        """Returns if the holder of another machine shows no sign of life. Raises ``Refused`` if it does."""
        waited = 0.0
        while waited < LEASE_SECONDS:
            self._sleep(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
            now, _ = self._read()
            if now.holder is None:
                return
            if (now.holder, now.renewals) != (document.holder, document.renewals):
                raise self._busy(now)

    def _busy(self, document: SharedDocument) -> Refused:
        return Refused(
            f"the run {document.run} on another machine is restoring into this table (lock {self._place.uri})",
            hint="wait until the other run ends, then run the same command again",
        )

    def _read(self) -> tuple[SharedDocument, str | None]:
        place = self._place
        try:
            body, facts = self._objects.read(
                place.bucket, place.key, limit_bytes=_LIMIT_BYTES, owner=self._owner
            )
        except ObjectMissing:
            return SharedDocument(), None
        try:
            return _DOCUMENT.decode(body), facts.etag
        except InvalidDocument:
            return SharedDocument(), facts.etag

    def _put(self, document: SharedDocument, etag: str | None) -> None:
        place = self._place
        self._etag = self._objects.put(
            place.bucket,
            place.key,
            encode_document(document),
            content_type="application/json",
            owner=self._owner,
            if_none_match=etag is None,
            if_match=etag,
            encryption=self._encryption,
        )
        self._document = document


def shared_state(context: RunContext, restore: Restore, target_arn: str) -> SharedState | None:
    """In the vault of the restore's backups; None where it has no vault."""
    if restore.destination is None:
        return None
    destination = context.plan.destinations[restore.destination]
    target = Arn.parse(target_arn)
    root = destination_root(destination.prefix)
    return SharedState(
        context.source.objects,
        S3Location(
            destination.bucket, restore_state_key(root, target.account, target.region, target.table_name)
        ),
        run=context.run_id,
        owner=destination.bucket_owner,
        encryption=destination.encryption,
    )
