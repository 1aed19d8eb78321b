"""Numbers as people read them everywhere: in messages, logs for people, and reports."""

from __future__ import annotations


def grouped(number: int) -> str:
    """``1 234 567``."""
    return f"{number:,}".replace(",", " ")
