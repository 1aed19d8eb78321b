"""The JSON Schemas, wherever this copy of ddbbackup keeps them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any


@cache
def schema_text(name: str) -> str:
    """The text of ``schemas/<name>.schema.json``: in a wheel beside the code, in a checkout at its top."""
    file = f"{name}.schema.json"
    packaged = files("ddbbackup").joinpath("_schemas", file)
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "schemas" / file).read_text(encoding="utf-8")


@cache
def plan_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(schema_text("plan"))
    return schema
