"""Hints for misspelled words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

_SHORTEST: Final = 3


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None.

    Words that only resemble each other, such as `start` and `status`, mean different things: a misspelling has one
    wrong, missing, superfluous or swapped letter, and one more for every five letters of a long word. Upper case
    matters only if two words differ in nothing else. A beginning of three letters or more means the only word that
    begins with it. In words of two letters, one letter is half of them.
    """
    known = list(known)
    if len(word) < _SHORTEST:
        return None
    other_case = {each.lower(): each for each in known}
    begun = [each for each in known if each.startswith(word)]
    return (
        _nearest(word, known)
        or other_case.get(_nearest(word.lower(), other_case) or "")
        or (begun[0] if len(begun) == 1 and word.strip("-") else None)
    )


def _nearest(word: str, known: Iterable[str]) -> str | None:
    matches = difflib.get_close_matches(word, list(known), n=3, cutoff=0.72)
    near = [match for match in matches if _misspellings(word, match) <= max(1, len(match) // 5)]
    return near[0] if near else None


def suggest(word: str, known: Iterable[str], *, otherwise: str) -> str:
    """A hint with the known word that was probably meant, or the hint ``otherwise``."""
    match = closest(word, known)
    return otherwise if match is None else f"use `{match}` instead"


def _misspellings(word: str, other: str) -> int:
    """How many letters are wrong, missing, superfluous, or swapped with the next one."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and (letter, word[i - 2]) == (other[j - 2], wanted):
                least = min(least, earlier[j - 2] + 1)
            row.append(least)
    return row[-1]
