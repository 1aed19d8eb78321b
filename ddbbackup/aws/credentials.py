"""The one source of credentials of a caller: resolved once in a process, renewed for everybody who uses them.

botocore finds credentials once per session, and it needs a session for each region and role. Each of them would
run the user's credential helper and ask for an MFA code. Here, everything that acts for the same caller shares one
source: the clients of all regions, roles that are assumed with these credentials, the bulk writer, and, through
their parent process, its worker processes.

A source renews keys before they expire (botocore decides when), keeps valid keys if that fails, and replaces keys
that AWS has rejected as expired: once, however many requests were signed with them.
"""

from __future__ import annotations

import functools
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    Credentials,
    DeferredRefreshableCredentials,
    ReadOnlyCredentials,
    RefreshableCredentials,
)
from botocore.exceptions import ClientError

from ddbbackup import events
from ddbbackup.aws.credential_errors import (
    EXPIRED,
    explain_credential_errors,
    explain_role_errors,
    no_credentials,
    unsendable_keys,
)
from ddbbackup.aws.mfa import MfaPrompter
from ddbbackup.aws.sdk_session import SdkSession
from ddbbackup.errors import AccessDenied, CredentialsUnavailable, DdbBackupError
from ddbbackup.model.arn import Arn
from ddbbackup.ports import AccessKeys

_RETRY_SECONDS: Final = 20.0  # after a renewal that failed while the keys were still valid
_FAILED_SECONDS: Final = 2.0  # for which others who wait for the same renewal get its error
_RENEWAL_SECONDS: Final = 1.0  # between two renewals of rejected keys
_RENEWAL_PAUSES_SECONDS: Final = (0.5, 1.0, None)  # after each try
_ASK_SECONDS: Final = 5.0  # between two questions of a worker process to its parent
# Few attempts: a source that cannot be reached is asked again by what needs it.
_STS_CONFIG: Final = Config(
    connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4}
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Role:
    """A role to assume. ``region`` is where STS is called: the region of the caller, where STS is enabled."""

    arn: str
    external_id: str | None = None
    region: str | None = None

    @property
    def account(self) -> str:
        return Arn.parse(self.arn).account


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls AWS: ``profile``, or the default chain of the SDK, and the roles that are assumed after each other.

    ``region`` is where a role of the profile itself is assumed; None leaves it to the SDK.
    """

    profile: str | None = None
    region: str | None = None
    roles: tuple[Role, ...] = ()
    endpoint_urls: tuple[tuple[str, str], ...] = ()


class CredentialSource(Protocol):
    """Thread-safe."""

    def current(self) -> AccessKeys:
        """Valid keys. Raises ``AccessDenied`` and ``CredentialsUnavailable``."""

    def renew(self, rejected: str) -> AccessKeys | None:
        """Other keys than those with the access key that AWS rejected as expired; None if there are none.

        Raises what ``current`` raises.
        """


def source_of(caller: Caller) -> CredentialSource:
    """The source that all users of these credentials share. Finds nothing out yet."""
    with _LOCK:
        return _source_of(caller)


def use_source(caller: Caller, source: CredentialSource) -> None:
    """Makes everything in this process use ``source`` for ``caller``."""
    with _LOCK:
        _SOURCES[caller] = source


def forget_sources() -> None:
    """Finds all credentials again, as a new process does."""
    with _LOCK:
        _SOURCES.clear()


_LOCK: Final = threading.Lock()
_SOURCES: Final[dict[Caller, CredentialSource]] = {}


def _source_of(caller: Caller) -> CredentialSource:
    source = _SOURCES.get(caller)
    if source is None:
        if caller.roles:
            parent = Caller(caller.profile, caller.region, caller.roles[:-1], caller.endpoint_urls)
            load: Callable[[], Credentials] = _AssumedRole(caller, _source_of(parent)).load
        else:
            load = _FirstCredentials(caller).load
        source = _SOURCES[caller] = RenewingSource(load)
    return source


class RenewingSource:
    """Implements ``CredentialSource``. ``load`` finds the credentials from the beginning each time."""

    def __init__(self, load: Callable[[], Credentials]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._credentials: Credentials | None = None
        self._keys: AccessKeys | None = None
        self._renewals = 0  # of rejected keys, also those that failed
        self._renewed_at = self._retry_at = -math.inf  # monotonic seconds
        self._failure: tuple[float, DdbBackupError] | None = None  # when, and what

    def current(self) -> AccessKeys:
        keys = self._keys
        if keys is None or self._is_expired():
            with self._lock:
                return self._refreshed()
        # While one thread renews, the others go on with the keys, which are still valid.
        if self._is_due() and self._lock.acquire(blocking=False):
            try:
                return self._refreshed()
            finally:
                self._lock.release()
        return keys

    def renew(self, rejected: str) -> AccessKeys | None:
        renewals = self._renewals
        with self._lock:
            keys = self._keys
            if keys is not None and keys.access_key != rejected:
                return keys  # they were renewed for another request
            if renewals != self._renewals:
                return None  # they could not be, while this request waited
            time.sleep(max(0.0, self._renewed_at + _RENEWAL_SECONDS - time.monotonic()))
            try:
                return self._renewed(keys)
            finally:
                self._renewals += 1
                self._renewed_at = time.monotonic()

    def _renewed(self, rejected: AccessKeys | None) -> AccessKeys | None:
        """Tries a few times: whoever signs in may be writing the credentials file at this moment."""
        before = self._credentials
        for pause_seconds in _RENEWAL_PAUSES_SECONDS:
            self._credentials = None
            try:
                renewed = self._refreshed()
                if renewed != rejected:
                    return renewed
            except CredentialsUnavailable:
                raise
            except AccessDenied:
                if pause_seconds is None:
                    raise
            finally:
                self._credentials = self._credentials or before
            if pause_seconds is not None:
                self._failure = None
                time.sleep(pause_seconds)
        return None

    def _refreshed(self) -> AccessKeys:
        """With the lock: the keys of the credentials, which are found or refreshed if necessary."""
        now = time.monotonic()
        if self._failure is not None and now - self._failure[0] < _FAILED_SECONDS:
            raise self._failure[1]
        if self._credentials is not None and self._keys is not None and not self._is_due():
            return self._keys  # another thread has renewed them
        loading = self._credentials is None
        try:
            credentials = self._load() if self._credentials is None else self._credentials
            with explain_credential_errors(credentials.method):
                keys = _keys_of(credentials.get_frozen_credentials())
        except DdbBackupError as error:
            return self._after_failure(error, loading=loading)
        self._credentials, self._failure = credentials, None
        if keys == self._keys:  # botocore keeps the old ones for a while if it cannot refresh them
            self._retry_at = now + _RETRY_SECONDS
        self._keys = keys
        return keys

    def _after_failure(self, error: DdbBackupError, *, loading: bool) -> AccessKeys:
        """Keys that are still valid are used until they expire, and renewed when the source answers again."""
        now = time.monotonic()
        if self._keys is not None and not loading and not self._is_expired():
            self._retry_at = now + _RETRY_SECONDS
            log.info(
                events.RETRY_SCHEDULED,
                what="renew the AWS credentials",
                seconds=_RETRY_SECONDS,
                error=type(error).__name__,
            )
            return self._keys
        self._failure = now, error
        raise error

    def _is_due(self) -> bool:
        """In their last 15 minutes, unless that failed a moment ago."""
        credentials = self._credentials
        if not isinstance(credentials, RefreshableCredentials):
            return credentials is None
        return credentials.refresh_needed() and (time.monotonic() >= self._retry_at or self._is_expired())

    def _is_expired(self) -> bool:
        credentials = self._credentials
        return isinstance(credentials, RefreshableCredentials) and credentials.refresh_needed(refresh_in=0)


class AskingSource:
    """Implements ``CredentialSource`` in a worker process: ``ask`` gets the keys from the parent process."""

    def __init__(self, ask: Callable[[str | None], AccessKeys | None]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._keys: AccessKeys | None = None
        self._asked_at = 0.0

    def current(self) -> AccessKeys:
        keys = self._keys
        if keys is not None and time.monotonic() - self._asked_at < _ASK_SECONDS:
            return keys
        with self._lock:
            keys = self._asked(None)
        if keys is None:
            raise no_credentials()
        return keys

    def renew(self, rejected: str) -> AccessKeys | None:
        with self._lock:
            if self._keys is not None and self._keys.access_key != rejected:
                return self._keys
            return self._asked(rejected)

    def _asked(self, rejected: str | None) -> AccessKeys | None:
        keys = self._ask(rejected)
        self._keys, self._asked_at = keys or self._keys, time.monotonic()
        return keys


class SharedCredentials(CredentialProvider):
    """A source as botocore sees it: as the provider and, at the same time, as the credentials that it provides.

    Every request is signed with the current keys of the source.
    """

    METHOD = "ddbbackup"
    method = METHOD

    def __init__(self, source: CredentialSource) -> None:
        super().__init__()
        self._source = source

    def load(self) -> Any:
        return self

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        keys = self._source.current()
        return ReadOnlyCredentials(keys.access_key, keys.secret_key, keys.token, keys.account_id)

    def get_deferred_property(self, name: str) -> Callable[[], str | None]:
        """For endpoints that contain the account: ``name`` is ``account_id``."""
        return lambda: getattr(self._source.current(), name, None)


class _FirstCredentials:
    """The credentials of a profile, or of the default chain, by the providers of botocore."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._prompter = MfaPrompter()

    def load(self) -> Credentials:
        """Reads the environment and files again. Raises ``AccessDenied`` and ``CredentialsUnavailable``."""
        with explain_credential_errors(None):
            session = _session_of(self._caller)
            self._prompter.install(session)
        for provider in session.get_component("credential_provider").providers:
            with explain_credential_errors(provider.METHOD):
                found: Credentials | None = provider.load()
            if found is not None:
                return found
        raise no_credentials()


class _AssumedRole:
    """The credentials of the last role of ``caller``, assumed with the keys of ``parent`` when they are needed."""

    def __init__(self, caller: Caller, parent: CredentialSource) -> None:
        self._caller, self._role, self._parent = caller, caller.roles[-1], parent

    def load(self) -> Credentials:
        return DeferredRefreshableCredentials(refresh_using=self._assume, method="assume-role of the plan")

    def _assume(self) -> Any:
        """Raises ``AccessDenied`` and ``CredentialsUnavailable``."""
        keys = self._parent.current()
        with explain_role_errors(self._role.arn):
            try:
                return self._assume_with(keys)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in EXPIRED:
                    raise
                renewed = self._parent.renew(keys.access_key)
                if renewed is None:
                    raise
            return self._assume_with(renewed)

    def _assume_with(self, keys: AccessKeys) -> Any:
        """AssumeRole. Credentials of a chained role are valid for one hour at most (STS API: AssumeRole)."""
        arguments = {"RoleSessionName": "ddbbackup"}
        if self._role.external_id is not None:
            arguments["ExternalId"] = self._role.external_id
        session = _session_of(self._caller)
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=functools.partial(session.create_client, region_name=self._role.region),
            source_credentials=Credentials(keys.access_key, keys.secret_key, keys.token),
            role_arn=self._role.arn,
            extra_args=arguments,
        )
        return fetcher.fetch_credentials()


def _session_of(caller: Caller) -> SdkSession:
    session = SdkSession(caller.profile, caller.region, dict(caller.endpoint_urls))
    session.set_default_client_config(_STS_CONFIG)
    return session


def _keys_of(frozen: ReadOnlyCredentials | None) -> AccessKeys:
    """Raises ``AccessDenied`` for credentials without keys, and for keys that no request can carry."""
    if frozen is None:
        raise no_credentials()
    for value in (frozen.access_key, frozen.secret_key, frozen.token or ""):
        if not (isinstance(value, str) and value.isascii() and value.isprintable()):
            raise unsendable_keys()
    if not frozen.access_key or not frozen.secret_key:
        raise no_credentials()
    return AccessKeys(frozen.access_key, frozen.secret_key, frozen.token, frozen.account_id)
