"""JSON documents that a later run, or another machine, reads again: decoded and encoded by their types."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")
MAX_INTEGER: Final = 2**63 - 1  # the counts of AWS are 64-bit integers


class InvalidDocument(Exception):
    """A document cannot be decoded, or a value cannot be encoded. The text names the defect, not the content."""


def decode_document(body: bytes, kind: type[T]) -> T:
    """The value in a JSON document, of exactly this type. Members that the type does not have are ignored.

    Never converts: the text "1" is not an integer. Raises ``InvalidDocument``.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise InvalidDocument(_defect(error)) from None
    except (ValueError, RecursionError):
        raise InvalidDocument("it is not JSON") from None


def check_document(value: object, kind: type[Any]) -> None:
    """Raises ``InvalidDocument`` unless a decoded value has the members of this type. Converts nothing."""
    try:
        msgspec.convert(value, type=kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidDocument(_defect(error)) from None


def encode_document(value: object) -> bytes:
    """JSON in UTF-8, indented for people, with a newline at its end. Raises ``InvalidDocument``."""
    try:
        return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidDocument(f"{type(error).__name__} while encoding") from None


def _defect(error: Exception) -> str:
    """msgspec's message, without the value that it quotes: a document may contain anything."""
    message, separator, path = str(error).rpartition(" - at ")
    if not separator:
        message, path = str(error), "`$`"
    if message.startswith("Invalid enum value"):
        message = "Invalid enum value"
    return f"{message} at {path.strip('`')}"
