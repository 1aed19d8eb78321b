"""GitLab's Code Quality report (GitLab docs: Code Quality, "Implement a custom tool")."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbbackup.problems import Problem
    from ddbbackup.report.documents import Document


def render(document: Document) -> str:
    match document.schema:
        case "problems":
            return _problems(document.problems)
        case "error":
            return ""  # an empty report would claim that the plan has no problems
        case _:
            raise TypeError(f"{document.schema} has no GitLab form")


def _problems(problems: Sequence[Problem]) -> str:
    """A list, empty for a valid plan.

    A fingerprint does not depend on the line number, so a merge request shows only the problems that are new.
    """
    seen: Counter[str] = Counter()
    entries = []
    for problem in problems:
        identity = "\0".join((problem.file, problem.path, problem.code, problem.message))
        fingerprint = hashlib.sha256(f"{identity}\0{seen[identity]}".encode()).hexdigest()
        seen[identity] += 1
        place = f"{problem.path}: " if problem.path else ""
        entries.append(
            {
                "description": f"{place}{problem.message}; hint: {problem.hint}",
                "check_name": f"ddbbackup/{problem.code}",
                "fingerprint": fingerprint,
                "severity": "critical",
                "location": {"path": problem.file, "lines": {"begin": problem.line}},
            }
        )
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
