"""Sessions and clients, opened from a value that can be pickled: region, account, profile, roles, endpoints."""

from __future__ import annotations

import functools
import os
import threading
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    DeferredRefreshableCredentials,
)
from botocore.httpsession import get_cert_path

from ddbbackup import __version__
from ddbbackup.aws.extra_retries import add_retries
from ddbbackup.aws.response_shape import refuse_unusable_responses
from ddbbackup.aws.trust import check_certificates
from ddbbackup.model.arn import Arn
from ddbbackup.ports import Place
from ddbbackup.tls_trust import CaBundle, find_ca_bundle

# Few: steps retry what may take long (throttled starts, unreachable services), because they report what they wait
# for. `standard` is explicit because botocore 1.44 changed the default mode.
_MAX_ATTEMPTS: Final = 4
_LOCK: Final = threading.Lock()


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
class Connection:
    """Where to connect, and with which credentials. Picklable: worker processes open their own sessions from it.

    ``endpoint_urls`` are pairs of service and URL. The first of ``roles`` is assumed with the credentials of
    ``profile`` or of the default chain, every further role with the credentials of the one before it. Credentials
    of a role are valid for one hour, the maximum for chained roles (STS API: AssumeRole), and are renewed in time.
    """

    region: str | None = None
    account: str | None = None
    profile: str | None = None
    roles: tuple[Role, ...] = ()
    endpoint_urls: tuple[tuple[str, str], ...] = ()

    def at(self, place: Place) -> Connection:
        """The connection to another place. A role there is assumed with the credentials of this connection."""
        moved = self
        if place.role_arn is not None:
            moved = moved.assuming(place.role_arn, place.external_id)
        if place.region is not None:
            moved = replace(moved, region=place.region)
        if place.account is not None:
            moved = replace(moved, account=place.account)
        return moved

    def assuming(self, role_arn: str, external_id: str | None) -> Connection:
        """The same connection with another role, restricted to the account of the role."""
        role = Role(role_arn, external_id, self.region)
        return replace(self, roles=(*self.roles, role), account=role.account)

    def endpoint_url(self, service: str) -> str | None:
        return dict(self.endpoint_urls).get(service)

    def boto_session(self) -> boto3.Session:
        """One per connection and process; its credentials refresh themselves."""
        with _LOCK:
            return _session(self)

    def fresh_boto_session(self) -> boto3.Session:
        """A new session, which reads credential files and the environment again."""
        with _LOCK:
            return _session.__wrapped__(self)

    def ca_bundle(self) -> CaBundle:
        """The certificates that servers are checked with."""
        return _ca_bundle(self.boto_session()._session)

    def private_client(self, service: str) -> Any:
        """A client that is not shared, so that event handlers can be registered with it."""
        session = self.boto_session()
        with _LOCK:
            return _client.__wrapped__(session, self, service, None)

    def client(self, service: str, *, region: str | None = None) -> Any:
        """A client with the retries, time-outs and endpoint of this connection; safe to share between threads."""
        session = self.boto_session()
        with _LOCK:  # making clients from one session is not thread-safe (boto3 guide: Session)
            return _client(session, self, service, region)


def is_emulated(connection: Connection) -> bool:
    """Whether the plan names a DynamoDB endpoint outside of AWS. VPC endpoints are inside."""
    url = connection.endpoint_url("dynamodb")
    host = urlsplit(url).hostname or "" if url else "amazonaws.com"
    return not host.endswith(("amazonaws.com", "amazonaws.com.cn", "api.aws"))


@functools.lru_cache(maxsize=32)
def _session(connection: Connection) -> boto3.Session:
    core = botocore.session.Session(profile=connection.profile)
    core.set_config_variable("ca_bundle", _ca_bundle(core).path)
    for role in connection.roles:
        provider = _AssumedRole(core, role, connection.endpoint_url("sts"))
        bundle = core.get_config_variable("ca_bundle")
        core = botocore.session.Session(profile=connection.profile)
        core.set_config_variable("ca_bundle", bundle)
        core.get_component("credential_provider").insert_before("env", provider)
    return boto3.Session(botocore_session=core, region_name=connection.region)


def _ca_bundle(core: botocore.session.Session) -> CaBundle:
    found = find_ca_bundle(os.environ, profile=core.get_scoped_config().get("ca_bundle"))
    return found or CaBundle(str(get_cert_path(True)), "the certificates of the AWS SDK")


@functools.lru_cache(maxsize=128)
def _client(session: boto3.Session, connection: Connection, service: str, region: str | None) -> Any:
    url = connection.endpoint_url(service)
    extra: dict[str, Any] = {}
    if service == "s3" and url is not None:
        # S3 servers outside of AWS support neither bucket host names nor checksums of partial reads.
        extra = {
            "s3": {"addressing_style": "path"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
    config = Config(
        retries={"mode": "standard", "total_max_attempts": _MAX_ATTEMPTS},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=32,
        tcp_keepalive=True,
        user_agent_extra=f"ddbbackup/{__version__}",
        **extra,
    )
    # boto3-stubs has overloads for literal service names only.
    client: Any = session.client(service, region_name=region, endpoint_url=url, config=config)  # type: ignore[call-overload]
    refuse_unusable_responses(client)
    add_retries(client)
    check_certificates(client, _ca_bundle(session._session))
    return client


class _AssumedRole(CredentialProvider):
    """Puts the credentials of a role before the default chain: fetched on first use, renewed before they expire."""

    METHOD = "ddbbackup-assume-role"
    CANONICAL_NAME = METHOD

    def __init__(self, source: botocore.session.Session, role: Role, sts_url: str | None) -> None:
        super().__init__()
        self._source = source
        self._role = role
        self._sts_url = sts_url

    def load(self) -> DeferredRefreshableCredentials:
        create = functools.partial(
            self._source.create_client, region_name=self._role.region, endpoint_url=self._sts_url
        )

        def client_creator(service: str, **members: Any) -> Any:
            return create(service, **members)

        arguments = {"RoleSessionName": "ddbbackup"}
        if self._role.external_id is not None:
            arguments["ExternalId"] = self._role.external_id

        def fetch() -> Any:
            fetcher = AssumeRoleCredentialFetcher(
                client_creator=client_creator,
                source_credentials=self._source.get_credentials(),
                role_arn=self._role.arn,
                extra_args=arguments,
            )
            return fetcher.fetch_credentials()

        return DeferredRefreshableCredentials(refresh_using=fetch, method=self.METHOD)
