"""Whether the resource policy of a table denies a call.

Only Deny statements for everyone without conditions are evaluated: the sandbox does not know who calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any


def denies(policy: str, action: str) -> bool:
    """``action`` as in ``dynamodb:UpdateTable``."""
    return any(fnmatchcase(action, pattern) for pattern in _denied_actions(json.loads(policy)))


def _denied_actions(policy: Mapping[str, Any]) -> Iterator[str]:
    statements = policy.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        everyone = statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        if statement["Effect"] == "Deny" and everyone and not statement.get("Condition"):
            actions = statement.get("Action", [])
            yield from actions if isinstance(actions, list) else [actions]
