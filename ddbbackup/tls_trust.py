"""Which certificate authorities are trusted: one rule for requests to AWS, bulk writes, notifications and metrics."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Where systems keep their certificates, if OpenSSL was built with another place: Debian, Fedora, SUSE, Alpine and
# macOS.
_SYSTEM_STORES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True, slots=True)
class CaBundle:
    """A file of certificates in PEM form, and what names it."""

    path: str
    source: str

    def __str__(self) -> str:
        return f"{self.path} ({self.source})"


def find_ca_bundle(environ: Mapping[str, str], *, profile: str | None = None) -> CaBundle | None:
    """The first of AWS_CA_BUNDLE, ``profile`` (the profile's ``ca_bundle``), REQUESTS_CA_BUNDLE, SSL_CERT_FILE, and
    the system's store. None if there is no store: libraries then use the certificates that they bring.

    A bundle that is named need not exist: using it fails, and the error names it.
    """
    return next(_candidates(environ, profile), None)


def _candidates(environ: Mapping[str, str], profile: str | None) -> Iterator[CaBundle]:
    named = (
        ("AWS_CA_BUNDLE", environ.get("AWS_CA_BUNDLE")),
        ("`ca_bundle` of the AWS profile", profile),
        ("REQUESTS_CA_BUNDLE", environ.get("REQUESTS_CA_BUNDLE")),
        ("SSL_CERT_FILE", environ.get("SSL_CERT_FILE")),
    )
    yield from (CaBundle(path, source) for source, path in named if path)
    stores = (ssl.get_default_verify_paths().openssl_cafile, *_SYSTEM_STORES)
    yield from (CaBundle(path, "the certificates of this system") for path in stores if Path(path).is_file())


def is_untrusted(error: BaseException) -> bool:
    """Whether the certificate of a server was rejected. Trying again does not help."""
    return isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error)


def untrusted_reason(error: BaseException) -> str:
    """OpenSSL's reason, such as "self-signed certificate", in few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    _, _, reason = str(error).partition("certificate verify failed: ")
    return reason.partition(" (_ssl")[0][:100] or "it cannot be verified"
