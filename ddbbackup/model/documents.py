"""JSON documents that a later run, or another machine, reads again: decoded and encoded by their types."""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar

import msgspec

T = TypeVar("T")
MAX_INTEGER: Final = 2**63 - 1  # the counts of AWS are 64-bit integers


class InvalidDocument(Exception):
    """A document cannot be decoded, or a value cannot be encoded. The text names the defect, not the content."""


class DocumentType(Generic[T]):
    """Decodes and checks documents of one type: a dataclass, or a mapping.

    Create it when its module is imported. msgspec analyses a type at its first use, without a lock: two threads that
    do it at the same time can crash the interpreter (msgspec 0.22; docs/decisions/0016).
    """

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._decoder = msgspec.json.Decoder(kind)

    def decode(self, body: bytes) -> T:
        """The value in a JSON document. Members that the type does not have are ignored.

        Never converts: the text "1" is not an integer. Raises ``InvalidDocument``.
        """
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise InvalidDocument(_defect(error)) from None
        except (ValueError, RecursionError):
            raise InvalidDocument("it is not JSON") from None

    def check(self, value: object) -> None:
        """Raises ``InvalidDocument`` unless a decoded value has the members of this type."""
        try:
            msgspec.convert(value, type=self._kind)
        except (msgspec.ValidationError, RecursionError) as error:
            raise InvalidDocument(_defect(error)) from None


def encode_document(value: object, *, in_order: bool = False) -> bytes:
    """JSON in UTF-8, indented for people, with a newline at its end. Raises ``InvalidDocument``.

    ``in_order`` sorts the members of mappings, so that equal values are equal bytes.
    """
    try:
        body = msgspec.json.encode(value, order="deterministic" if in_order else None)
        return msgspec.json.format(body, indent=2) + b"\n"
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


JSON_OBJECT: Final[DocumentType[dict[str, Any]]] = DocumentType(dict[str, Any])
