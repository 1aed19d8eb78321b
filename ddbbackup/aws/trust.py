"""Certificates of SDK clients: what cannot be used fails at once and by name, without retries."""

from __future__ import annotations

import functools
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

from botocore import exceptions as sdk

from ddbbackup.errors import CertificateRejected
from ddbbackup.os_errors import os_reason
from ddbbackup.tls_trust import CaBundle, is_untrusted, untrusted_reason

TRUST_CA: Final = "set AWS_CA_BUNDLE to a file that holds the certificate of its CA"


class UntrustedCertificate(sdk.BotoCoreError):
    """Raised where the SDK would try again."""

    fmt = "the certificate of {host} is not trusted ({reason}); it was checked with {bundle}"


def check_certificates(client: Any, ca_bundle: CaBundle) -> None:
    """Raises ``CertificateRejected`` for a CA bundle that cannot be loaded.

    Makes the client raise ``UntrustedCertificate`` for a certificate that no CA of the bundle has signed.
    """
    if not client.meta.endpoint_url.startswith("https:"):
        return
    load_ca_bundle(ca_bundle)

    def fail(caught_exception: BaseException | None, endpoint: Any, **_: Any) -> None:
        if isinstance(caught_exception, sdk.SSLError) and is_untrusted(caught_exception):
            raise UntrustedCertificate(
                host=urlsplit(endpoint.host).hostname,
                reason=untrusted_reason(caught_exception),
                bundle=ca_bundle,
            ) from caught_exception

    client.meta.events.register_first("needs-retry", fail, unique_id="ddbbackup-trust")


@functools.cache
def load_ca_bundle(ca_bundle: CaBundle) -> None:
    """Raises ``CertificateRejected`` for a file that is missing or holds no certificates."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca_bundle.path)
    except OSError as error:
        raise CertificateRejected(
            f"could not load the certificates of {ca_bundle}: {os_reason(error)}",
            hint="correct the path, or the file, which must hold certificates in PEM form",
        ) from error
