"""Secrets stand in the environment, never in the plan: everybody who may read the repository reads the plan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from ddbbackup.plan.document import Document, Path
from ddbbackup.plan.rules.access import get, mapping
from ddbbackup.problems import Problem

_SECRET_HEADER: Final = re.compile(r"auth|token|key|secret|password|cookie|signature", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(:\?[^}]*|:-)?\}")


def check(document: Document) -> Iterator[Problem]:
    for name, notification in mapping(document.data.get("notifications")).items():
        path: Path = ("notifications", name)
        for kind, key, variable in (
            ("ping", "url", "HEALTHCHECKS_URL"),
            ("slack", "webhook_url", "SLACK_WEBHOOK_URL"),
        ):
            address = get(notification, kind, key)
            if isinstance(address, str) and not _by_reference(document, (*path, kind, key)):
                yield _literal(
                    document, (*path, kind, key), "whoever knows this address may write to it", variable
                )
        yield from _receiver(document, (*path, "webhook"), get(notification, "webhook"))
    for kind, key in (("pushgateway", "url"), ("opentelemetry", "endpoint")):
        yield from _receiver(document, ("metrics", kind), get(document.data, "metrics", kind), key)


def _receiver(document: Document, path: Path, receiver: object, key: str = "url") -> Iterator[Problem]:
    """Addresses with a password or a query, and headers whose names say what they hold."""
    address = get(receiver, key)
    if isinstance(address, str) and not _by_reference(document, (*path, key)) and _holds_secret(address):
        message = "an address with a password, a query or Slack's path holds one"
        yield _literal(document, (*path, key), message, "WEBHOOK_URL")
    for name, value in mapping(get(receiver, "headers")).items():
        place = (*path, "headers", name)
        if isinstance(value, str) and _SECRET_HEADER.search(name) and not _by_reference(document, place):
            yield _literal(document, place, f"the header {name} holds a secret", "TOKEN")


def _holds_secret(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False  # the schema has said so
    return bool(parts.query or "@" in parts.netloc or parts.hostname == "hooks.slack.com")


def _by_reference(document: Document, path: Path) -> bool:
    """Whether a variable makes the secret part of it; a default in the plan would be the secret again."""
    return path in document.interpolated and bool(_VARIABLE.search(str(document.written.get(path, ""))))


def _literal(document: Document, path: Path, why: str, variable: str) -> Problem:
    """Never repeats the value."""
    return document.problem(
        path,
        "literal-secret",
        f"a secret stands in the plan: {why}",
        hint=f"write `${{{variable}}}`, set it where ddbbackup runs, and renew the secret: this is in the history",
    )
