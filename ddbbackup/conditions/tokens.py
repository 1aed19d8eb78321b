"""Cuts the text of a condition into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["keyword", "word", "name", "value", "index", "symbol", "end"]
KEYWORDS: Final = ("AND", "OR", "NOT", "BETWEEN", "IN")
_TOKEN: Final = re.compile(
    r"[ \t\r\n]*(?:(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<name>#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<index>[0-9]+)|(?P<symbol><>|<=|>=|[=<>()\[\],.]))",
    re.ASCII,
)
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_HINTS: Final = {
    "'": "write a value as :name, and give it a value with its type",
    '"': "write a value as :name, and give it a value with its type",
    "!": "write <> for not equal",
    "-": "write an attribute name with other characters than letters, digits and _ as #name",
    "&": "write AND",
    "|": "write OR",
}


class BadToken(Exception):
    def __init__(self, offset: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.offset, self.message, self.hint = offset, message, hint


@dataclass(frozen=True, slots=True)
class Token:
    """``offset`` is the place of its first character in the text. ``text`` of a keyword is in upper case."""

    kind: Kind
    text: str
    offset: int


def tokens_of(text: str) -> list[Token]:
    """Ends with a token ``end``. Raises ``BadToken``."""
    tokens: list[Token] = []
    position = 0
    while match := _TOKEN.match(text, position):
        position = match.end()
        found = match.lastgroup
        offset, content = match.start(found or 0), match[found or 0]
        if found == "word" and content.upper() in KEYWORDS:
            tokens.append(Token("keyword", content.upper(), offset))
        elif found == "word":
            tokens.append(Token("word", content, offset))
        elif found == "name":
            tokens.append(Token("name", content, offset))
        elif found == "value":
            tokens.append(Token("value", content, offset))
        elif found == "index":
            tokens.append(Token("index", content, offset))
        else:
            tokens.append(Token("symbol", content, offset))
    space = _SPACE.match(text, position)
    end = space.end() if space else position
    if end < len(text):
        character = text[end]
        raise BadToken(
            end,
            f"{character!r} has no meaning in a condition",
            _HINTS.get(character, "use the syntax of a FilterExpression of DynamoDB"),
        )
    tokens.append(Token("end", "", len(text)))
    return tokens
