"""The reference of the plan's keys is made from the schema."""

from __future__ import annotations

import os
from pathlib import Path

from ddbbackup.plan.schemas import plan_schema
from tests.support.plan_reference import render

REFERENCE = Path(__file__).parents[2] / "docs" / "plan.md"


def test_the_reference_is_what_the_schema_says() -> None:
    """Made anew with DDBBACKUP_UPDATE=1."""
    said = render(plan_schema())
    if os.environ.get("DDBBACKUP_UPDATE"):
        REFERENCE.write_text(said, encoding="utf-8")
    assert REFERENCE.read_text(encoding="utf-8") == said
    for key in (
        "tables[].match",
        "restores.NAME.existing",
        "destinations.NAME.bucket",
        "aws.assume_role.role_arn",
    ):
        assert f"| `{key}` |" in said
