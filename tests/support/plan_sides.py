"""Plans to compare, built by the loader from the data of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import yaml

from ddbbackup.catalog import locate
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.comparison import Place, PlanSide
from ddbbackup.plan.load import load_with_document
from ddbbackup.plan.model import Destination
from ddbbackup.plan.selection import Inventory, select
from ddbbackup.plan.yaml_reader import parse_bytes
from ddbbackup.ports import Identity

NOW = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
IDENTITY = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/ci/x", "aws", "eu-west-1")


def plan_side(
    data: Mapping[str, Any] | bytes, inventory: Inventory, environ: Mapping[str, str] | None = None
) -> PlanSide:
    """The plan, from its data or its text, with the tables that it selects from the inventory."""
    content = data if isinstance(data, bytes) else yaml.safe_dump(dict(data)).encode()
    document, plan = load_with_document(
        ["p.yaml"], environ or {}, now=NOW, read=lambda path: parse_bytes(content, str(path))
    )

    def place(destination: Destination, table: str) -> Place:
        location = locate(destination, IDENTITY, table=table, plan=plan.name)
        return Place(S3Location(location.bucket, location.prefix).uri, location.uri)

    return PlanSide(plan, document, select(plan, inventory).chosen, place)
