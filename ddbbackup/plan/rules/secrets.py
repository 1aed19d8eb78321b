"""Secrets come from the environment: everyone who can read the repository can read the plan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from ddbbackup.plan.document import Document, ValuePath
from ddbbackup.plan.rules.access import get, mapping, notifications, restores
from ddbbackup.problems import Problem

_SECRET_HEADER: Final = re.compile(r"auth|token|key|secret|password|cookie|signature", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(:\?[^}]*|:-)?\}")  # without a default in the plan


def is_secret_header(name: str) -> bool:
    """Whether an HTTP header of this name probably holds a credential."""
    return bool(_SECRET_HEADER.search(name))


def check(document: Document) -> Iterator[Problem]:
    for path, _, notification in notifications(document):
        for channel, key, variable in (
            ("ping", "url", "HEALTHCHECKS_URL"),
            ("slack", "webhook_url", "SLACK_WEBHOOK_URL"),
        ):
            place = (*path, channel, key)
            address = get(notification, channel, key)
            if isinstance(address, str) and not _is_from_environment(document, place):
                yield _literal_secret(document, place, "anyone who knows this URL can post to it", variable)
        yield from _check_endpoint(document, (*path, "webhook"), get(notification, "webhook"))
    for path, _, restore in restores(document):
        place = (*path, "change", "hash", "key")
        if isinstance(get(restore, "change", "hash", "key"), str) and not _is_from_environment(
            document, place
        ):
            reason = "anyone who knows this key can find out hashed values by guessing"
            yield _literal_secret(document, place, reason, "HASH_KEY")
    for exporter, key in (("pushgateway", "url"), ("opentelemetry", "endpoint")):
        yield from _check_endpoint(
            document, ("metrics", exporter), get(document.data, "metrics", exporter), key
        )


def _check_endpoint(
    document: Document, path: ValuePath, endpoint: object, url_key: str = "url"
) -> Iterator[Problem]:
    """URLs that contain a credential, and headers with a name that suggests one."""
    url = get(endpoint, url_key)
    place = (*path, url_key)
    if isinstance(url, str) and not _is_from_environment(document, place) and _contains_credential(url):
        yield _literal_secret(document, place, "this URL contains a credential", "WEBHOOK_URL")
    for name, value in mapping(get(endpoint, "headers")).items():
        place = (*path, "headers", name)
        if isinstance(value, str) and is_secret_header(name) and not _is_from_environment(document, place):
            yield _literal_secret(document, place, f"the header {name} holds a credential", "TOKEN")


def _contains_credential(url: str) -> bool:
    """A user or password, a query string, or the secret path of a Slack webhook."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False  # the schema reports this
    return bool(parts.query or "@" in parts.netloc or parts.hostname == "hooks.slack.com")


def _is_from_environment(document: Document, path: ValuePath) -> bool:
    """Whether a variable supplies the secret. A default in the plan would be the secret again."""
    return path in document.interpolated and bool(_VARIABLE.search(str(document.written.get(path, ""))))


def _literal_secret(document: Document, path: ValuePath, reason: str, variable: str) -> Problem:
    """Never repeats the value."""
    return document.problem(
        path,
        "literal-secret",
        f"the plan contains a secret: {reason}",
        hint=f"use `${{{variable}}}` instead, and rotate the secret: it is in the file's history",
    )
