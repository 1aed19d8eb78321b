"""A problem is one defect of a plan, with the place where it stands and one thing to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One defect of a plan.

    ``line`` and ``column`` count from 1 and point at the value (or at the key, if the key is the defect).
    ``path`` is written as a person would: ``tables[2].rpo``, ``destinations.vault.bucket``; empty for the
    whole document. ``code`` is a short stable word such as ``unknown-key``.
    """

    file: str
    line: int
    column: int
    path: str
    code: str
    message: str
    hint: str
