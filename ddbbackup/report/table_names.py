"""Names of tables in sentences: the first ones of many, and sentences without them, so that equal ones are found."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ddbbackup.report.formatting import count


def without_name(text: str, table: str) -> str:
    """With TABLE in the place of the name, so that sentences about several tables can be compared."""
    return re.sub(rf"(?<![\w.-]){re.escape(table)}(?![\w-])", "TABLE", text) if table else text


def names(tables: Sequence[str], most: int | None) -> str:
    """``orders, users and 37 more``; ``most`` None: all."""
    if most is None or len(tables) <= most:
        return ", ".join(tables)
    return f"{', '.join(tables[:most])} and {count(len(tables) - most)} more"
