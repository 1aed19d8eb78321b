"""SDK clients that answer from a script, checked by botocore's own service models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.stub import Stubber


def client(service: str) -> Any:
    return boto3.Session("k", "s", region_name="eu-west-1").client(service)  # type: ignore[call-overload]


@contextmanager
def stubbed(service: str) -> Iterator[tuple[Any, Stubber]]:
    """A client that sends nothing. The test must use every scripted response."""
    made = client(service)
    with Stubber(made) as stub:
        yield made, stub
        stub.assert_no_pending_responses()
