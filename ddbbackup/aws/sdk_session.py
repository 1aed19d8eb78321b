"""A session of botocore that is set up as the plan and the environment say: profile, Region, endpoints."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import botocore.session
from botocore.httpsession import get_cert_path
from botocore.loaders import Loader, create_loader

from ddbbackup.tls_trust import CaBundle, find_ca_bundle

# The order of the AWS CLI and of the other SDKs. botocore itself ignores AWS_REGION.
REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")


@dataclass(frozen=True, slots=True)
class Region:
    """A Region, and where it was found, for people. ``name`` is None if it is set nowhere."""

    name: str | None
    origin: str


class SdkSession(botocore.session.Session):
    """``region`` and ``endpoint_urls`` are those of the plan: they come before the environment and the profile.

    The endpoints also hold for the clients that botocore makes to get credentials, such as STS for a role of the
    profile. ``certificates`` are those that servers are checked with.
    """

    def __init__(self, profile: str | None, region: str | None, endpoint_urls: Mapping[str, str]) -> None:
        super().__init__(profile=profile)
        self._endpoint_urls = endpoint_urls
        self.register_component("data_loader", _shared_loader(self.get_config_variable("data_path")))
        found = find_ca_bundle(os.environ, profile=self.get_scoped_config().get("ca_bundle"))
        self.certificates = found or CaBundle(str(get_cert_path(True)), "the certificates of the AWS SDK")
        self.set_config_variable("ca_bundle", self.certificates.path)
        self.region = self._find_region(region)
        if self.region.name is not None:
            self.set_config_variable("region", self.region.name)

    def create_client(self, service_name: str, *arguments: Any, **members: Any) -> Any:
        if members.get("endpoint_url") is None:
            members["endpoint_url"] = self._endpoint_urls.get(service_name)
        return super().create_client(service_name, *arguments, **members)

    def _find_region(self, planned: str | None) -> Region:
        if planned:
            return Region(planned, "the plan")
        for variable in REGION_VARIABLES:
            if name := os.environ.get(variable):
                return Region(name, variable)
        profile = self.profile or "default"
        return Region(self.get_scoped_config().get("region") or None, f"the profile {profile}")


@functools.cache
def _shared_loader(data_path: str | None) -> Loader:
    """botocore's models of the services, read once: with a loader of its own, each session would parse them again."""
    return create_loader(data_path)
