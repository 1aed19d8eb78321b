"""Names that tables can have.

Others may write to a bucket. A name from there that no table can have is not put into a command that people type.
"""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}")


def is_table_name(text: str) -> bool:
    """Whether a table can have this name (DynamoDB guide: Naming rules)."""
    return _NAME.fullmatch(text) is not None
