"""A sandbox that enforces policies of roles: what `DDBBACKUP_LIVE=sandbox` runs on.

``ddbbackup/sandbox`` does not know IAM. A proxy in front of it decides by the policies of the role that signed a
request, with the authoriser of the permission tests, and answers as AWS does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from xml.sax.saxutils import escape

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from ddbbackup import sandbox
from tests.support.authoriser import denied
from tests.support.aws import KEY, REGION, SECRET
from tests.support.aws_proxy import AwsProxy, Delivery, Fault, Reply, Request
from tests.support.calls import calls_of

ACCOUNT: Final = "123456789012"


@contextmanager
def enforcing_sandbox() -> Iterator[None]:
    """The environment of this process leads to it, and to no AWS."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        del os.environ[name]
    with (
        sandbox.start(export_seconds=(0.2, 0.4), cooldown_seconds=1.0) as running,
        enforcing_proxy(running.url) as url,
    ):
        os.environ |= environment(url)
        yield


def environment(url: str) -> dict[str, str]:
    """The AWS_* variables of a caller of this sandbox."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@contextmanager
def enforcing_proxy(url: str) -> Iterator[str]:
    """The URL of a proxy in front of a sandbox of this process."""
    with AwsProxy(url, _rule) as proxy:
        yield proxy.url


def _rule(request: Request) -> Fault | None:
    """Denies a request of a role whose policies do not allow it. Other keys may do everything."""
    policies = _policies_of(request.access_key)
    if policies is None:
        return None
    calls = calls_of(request.method, request.path, request.headers, request.body)
    rights = denied(policies, calls)
    if not rights:
        return None
    denial = _denial(request, rights[0])
    return lambda exchange: Delivery(denial.wire)


def _policies_of(access_key: str) -> list[Mapping[str, Any]] | None:
    """The policies of the role whose credentials these are; None for other keys."""
    session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    if session is None:
        return None
    name = session.role_arn.rpartition("/")[2]
    role = next(
        (each for each in list(iam_backends[ACCOUNT]["aws"].roles.values()) if each.name == name), None
    )
    return [json.loads(text) for text in role.policies.values()] if role is not None else []


def _denial(request: Request, right: str) -> Reply:
    """In the words of AWS, which name the action and the resource. ``right``: both, with ``on`` between them."""
    action, resource = right.split(" on ", 1)
    message = f"User: a session of a role is not authorized to perform: {action} on resource: {resource}"
    if "x-amz-target" in request.headers:
        body = json.dumps({"__type": "com.amazon.coral.service#AccessDeniedException", "message": message})
        return Reply(400, (("Content-Type", "application/x-amz-json-1.0"),), body.encode())
    error = f"<Code>AccessDenied</Code><Message>{escape(message)}</Message>"
    to_head = request.method == "HEAD"
    body = "" if to_head else f"<Error>{error}</Error>"
    headers = [("Content-Type", "application/xml"), *([("Content-Length", "0")] if to_head else [])]
    return Reply(403, tuple(headers), body.encode(), to_head=to_head)
