"""Where bulk requests go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ddbbackup.tls_trust import CaBundle

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as botocore resolved it. ``proxy`` is empty for none; ``ca_bundle`` is None for plain HTTP."""

    url: str
    region: str
    proxy: str = ""
    ca_bundle: CaBundle | None = None

    @property
    def host(self) -> str:
        """The value of the Host header: with the port, unless it is the default port of the scheme."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        return host if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f"{host}:{parts.port}"

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"
