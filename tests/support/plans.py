"""Plans for tests, as JSON, which is valid YAML."""

from __future__ import annotations

import json
from typing import Any

from tests.support.aws import REGION, Aws


def plan(aws: Aws, bucket: str, settings: dict[str, Any] | None = None, **members: Any) -> str:
    """A plan for these servers with one destination; ``settings`` extend its `aws`, ``members`` its top level."""
    document: dict[str, Any] = {
        "version": 1,
        "name": "test",
        "aws": {"region": REGION, "endpoint_urls": aws.endpoint_urls, **(settings or {})},
        "destinations": {"vault": {"bucket": bucket, "prefix": "ddb/{table}/"}},
    }
    return json.dumps(document | members, indent=2)
