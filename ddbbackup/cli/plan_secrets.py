"""The secrets that a plan holds, so that no output shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ddbbackup.plan.model import Plan
from ddbbackup.plan.rules.secrets import is_secret_header
from ddbbackup.safe_text import Secrets


def add_secrets_of_plan(secrets: Secrets, plan: Plan) -> None:
    """Passwords in addresses, addresses that are credentials, headers with credentials, keys of hashes, and external
    IDs.
    """
    for address in _addresses(plan):
        secrets.add_url(address)
    for notification in plan.notifications:
        if notification.channel in ("ping", "slack"):
            secrets.add_key(notification.address)
    for name, value in _headers(plan):
        if is_secret_header(name):
            secrets.add_key(value, value.rpartition(" ")[2])  # `Bearer TOKEN`
    for restore in plan.restores.values():
        if restore.change is not None:
            secrets.add_key(restore.change.key)
    for role in (plan.aws.assume_role, *(each.target.assume_role for each in plan.restores.values())):
        if role is not None:
            secrets.add_key(role.external_id)


def _addresses(plan: Plan) -> Iterator[str]:
    yield from (each.address for each in plan.notifications)
    if plan.metrics.pushgateway is not None:
        yield plan.metrics.pushgateway.url
    if plan.metrics.opentelemetry is not None:
        yield plan.metrics.opentelemetry.endpoint or ""


def _headers(plan: Plan) -> Iterator[tuple[str, str]]:
    exporters: list[Mapping[str, str]] = [each.headers for each in plan.notifications]
    if plan.metrics.pushgateway is not None:
        exporters.append(plan.metrics.pushgateway.headers)
    if plan.metrics.opentelemetry is not None:
        exporters.append(plan.metrics.opentelemetry.headers)
    for headers in exporters:
        yield from headers.items()
