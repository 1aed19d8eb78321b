"""Hints for misspelled words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    # `retention` and `destination` have a similarity of 0.70, `nmae` and `name` 0.75.
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.72)
    return matches[0] if matches else None


def suggest(word: str, known: Iterable[str], *, otherwise: str) -> str:
    """A hint with the known word that was probably meant, or the hint ``otherwise``."""
    match = closest(word, known)
    return otherwise if match is None else f"use `{match}` instead"
