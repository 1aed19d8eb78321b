"""Sessions and clients, opened from a value that can be pickled: region, account, profile, roles, endpoints."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.credentials import CredentialResolver
from botocore.loaders import create_loader

from ddbbackup import __version__
from ddbbackup.aws.credentials import (
    Caller,
    CredentialSource,
    Role,
    SharedCredentials,
    forget_sources,
    source_of,
)
from ddbbackup.aws.expired_requests import resend_expired_requests
from ddbbackup.aws.extra_retries import add_retries
from ddbbackup.aws.response_shape import refuse_unusable_responses
from ddbbackup.aws.sdk_session import Region, SdkSession
from ddbbackup.aws.trust import check_certificates
from ddbbackup.ports import Place
from ddbbackup.tls_trust import CaBundle

# Few: steps retry what may take long (throttled starts, unreachable services), because they report what they wait
# for. `standard` is explicit because botocore 1.44 changed the default mode.
_MAX_ATTEMPTS: Final = 4
_LOCK: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Connection:
    """Where to connect, and with which credentials. Picklable: worker processes open their own sessions from it.

    ``endpoint_urls`` are pairs of service and URL. The first of ``roles`` is assumed with the credentials of
    ``profile`` or of the default chain, every further role with the credentials of the one before it. Credentials
    of a role are valid for one hour, the maximum for chained roles (STS API: AssumeRole), and are renewed in time.
    ``moved_from`` holds the region of the plan, if this is a connection to another one.
    """

    region: str | None = None
    account: str | None = None
    profile: str | None = None
    roles: tuple[Role, ...] = ()
    endpoint_urls: tuple[tuple[str, str], ...] = ()
    moved_from: tuple[str | None, ...] = ()

    def at(self, place: Place) -> Connection:
        """The connection to another place. A role there is assumed with the credentials of this connection."""
        moved = self
        if place.role_arn is not None:
            moved = moved.assuming(place.role_arn, place.external_id)
        if place.region is not None:
            home = (*self.moved_from, self.region)[:1]
            moved_from = home if home != (place.region,) else ()
            moved = replace(moved, region=place.region, moved_from=moved_from)
        if place.account is not None:
            moved = replace(moved, account=place.account)
        return moved

    def assuming(self, role_arn: str, external_id: str | None) -> Connection:
        """The same connection with another role, restricted to the account of the role."""
        role = Role(role_arn, external_id, self.region)
        return replace(self, roles=(*self.roles, role), account=role.account)

    @property
    def caller(self) -> Caller:
        """Whose credentials these are. Connections to several regions share them."""
        home, *_ = (*self.moved_from, self.region)
        return Caller(self.profile, home, self.roles, self.endpoint_urls)

    def credentials(self) -> CredentialSource:
        return source_of(self.caller)

    def endpoint_url(self, service: str) -> str | None:
        """What the plan says. The environment and the profile may name one too: see ``is_aws_url``."""
        return dict(self.endpoint_urls).get(service)

    def found_region(self) -> Region:
        """The region that the clients of this connection use, and where it was found."""
        with _LOCK:
            return _sdk_session(self).region

    def boto_session(self) -> boto3.Session:
        """One per connection and process; its credentials are those of ``credentials``."""
        with _LOCK:
            return _session(self)

    def ca_bundle(self) -> CaBundle:
        """The certificates that servers are checked with."""
        with _LOCK:
            return _sdk_session(self).certificates

    def private_client(self, service: str) -> Any:
        """A client that is not shared, so that event handlers can be registered with it."""
        session = self.boto_session()
        with _LOCK:
            return _client.__wrapped__(session, self, service, None, True)

    def client(self, service: str, *, region: str | None = None, retries: bool = True) -> Any:
        """A client with the time-outs and endpoint of this connection; safe to share between threads.

        Without ``retries`` it sends each request once, unless the credentials or the signature were out of date.
        """
        session = self.boto_session()
        with _LOCK:  # making clients from one session is not thread-safe (boto3 guide: Session)
            return _client(session, self, service, region, retries)


def forget_sessions() -> None:
    """Reads the environment and the configuration files again from now on, as a new process does."""
    with _LOCK:
        for cache in (_sdk_session, _session, _client):
            cache.cache_clear()
    forget_sources()


def is_aws_url(url: str) -> bool:
    """Whether an endpoint is one of AWS, and not of an emulator. VPC endpoints are of AWS."""
    host = urlsplit(url).hostname or ""
    return f".{host}".endswith(_aws_hosts())


def check_endpoint(url: str) -> None:
    """Raises ``ValueError``, as botocore does, for what botocore lets through. Never with a password of the URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"Invalid endpoint: its scheme is {parts.scheme!r}, not http or https")
    if "@" in parts.netloc:
        raise ValueError("Invalid endpoint: it contains a user name")
    _ = parts.port


@functools.cache
def known_regions() -> frozenset[str]:
    """Every Region that the SDK knows. AWS may have newer ones."""
    partitions = create_loader().load_data("partitions")["partitions"]
    return frozenset(region for each in partitions for region in each["regions"])


@functools.cache
def _aws_hosts() -> tuple[str, ...]:
    """The domains of all partitions that the SDK knows, with a dot before them."""
    outputs = [each["outputs"] for each in create_loader().load_data("partitions")["partitions"]]
    return tuple({f".{each[name]}" for each in outputs for name in ("dnsSuffix", "dualStackDnsSuffix")})


@functools.lru_cache(maxsize=32)
def _sdk_session(connection: Connection) -> SdkSession:
    return SdkSession(connection.profile, connection.region, dict(connection.endpoint_urls))


@functools.lru_cache(maxsize=32)
def _session(connection: Connection) -> boto3.Session:
    core = _sdk_session(connection)
    shared = SharedCredentials(connection.credentials())
    core.register_component("credential_provider", CredentialResolver([shared]))
    return boto3.Session(botocore_session=core)


@functools.lru_cache(maxsize=128)
def _client(
    session: boto3.Session, connection: Connection, service: str, region: str | None, retries: bool
) -> Any:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": _MAX_ATTEMPTS if retries else 1},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=128,  # threads for calls, and those that read the catalog
        tcp_keepalive=True,
        user_agent_extra=f"ddbbackup/{__version__}",
    )
    create: Any = functools.partial(session.client, service, region_name=region)
    client = create(config=config)
    if service == "s3" and (connection.endpoint_url("s3") or not is_aws_url(client.meta.endpoint_url)):
        client = create(config=config.merge(_OTHER_S3))
    check_endpoint(client.meta.endpoint_url)
    refuse_unusable_responses(client)
    add_retries(client)
    check_certificates(client, _sdk_session(connection).certificates)
    resend_expired_requests(client, connection.credentials())
    return client


# S3 servers outside of AWS support neither bucket host names nor checksums of partial reads.
_OTHER_S3: Final = Config(
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
