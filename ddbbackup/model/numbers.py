"""Numbers as people read them everywhere: in messages, logs for people, and reports."""

from __future__ import annotations


def grouped(number: int) -> str:
    """``1 234 567``."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 item``, ``1 204 items``; ``many`` is needed where the plural is not ``one`` with an s."""
    return f"{grouped(number)} {agreeing(number, one, many or one + 's')}"


def agreeing(number: int, one: str, many: str) -> str:
    """The word that belongs to the number: ``is`` or ``are``."""
    return one if number == 1 else many
