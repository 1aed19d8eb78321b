"""Lines of items in canonical form: the same bytes for items that DynamoDB calls equal, other bytes for others.

Attributes and members of maps are sorted, elements of sets are sorted and unique, numbers are plain decimals without
superfluous zeros, binary values have zero bits where base64 has bits to spare, and JSON has one spelling. This is the
equality of ``attribute_values``, for whole blocks at a time: msgspec, in C, does all but sets, numbers and binary
values, and patterns find the few of those that are not canonical already.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ddbbackup.archive.attribute_values import decimal_parts
from ddbbackup.archive.item_keys import unique_members
from ddbbackup.archive.lines import split_lines

# In JSON without spaces, these bytes are where a type is named. In a text, its quotes would be escaped.
_SETS: Final = b'S":["'
_STRING: Final = rb'"(?:[^"\\]|\\.)*+"'
_SET: Final = re.compile(rb'"([SNB]S)":\[(' + _STRING + rb"(?:," + _STRING + rb")*+)\]")
_STRINGS: Final = re.compile(_STRING)
_BINARY_VALUE: Final = re.compile(rb'"B":"([^"\\]*)"')
_NUMBER_VALUE: Final = re.compile(rb'"N":"([^"\\]*)"')
_OTHER_NUMBER: Final = re.compile(
    rb'"N":"(?!(?:-?[1-9][0-9]*+(?:\.[0-9]*[1-9])?|0|-?0\.[0-9]*[1-9])")'
)  # not a plain decimal
# The last digit before the padding has bits to spare, and they are not zero. Also texts may end so, which costs time.
_OTHER_BASE64: Final = re.compile(rb'="\}(?<![AQgw]=="\})(?<![AEIMQUYcgkosw048]="\})')
_MAX_EXPONENT: Final = 200  # more than any number of DynamoDB has
_DECODER: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


def canonical_lines(block: bytes, lines: Sequence[bytes]) -> list[bytes] | None:
    """The canonical form of ``lines``, which are those of ``block``, each one JSON object and a newline.

    None if one of them is not: then ask ``canonical_line`` for each.
    """
    try:
        canonical = _ENCODER.encode_lines(_DECODER.decode_lines(block))
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None
    if len(canonical) != len(block) and not _have_members_once(lines, split_lines(canonical)):
        return None
    found = split_lines(_with_canonical_values(canonical))
    return found if len(found) == len(lines) else None


def canonical_line(line: bytes) -> bytes | None:
    """The canonical form of one line; None if it is not one JSON object, or has a member twice."""
    try:
        document: Any = json.loads(line, object_pairs_hook=unique_members)
        if not isinstance(document, dict):
            return None
        canonical = _ENCODER.encode(_DECODER.decode(line)) + b"\n"
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None
    return _with_canonical_values(canonical)


def _have_members_once(lines: Sequence[bytes], canonical: Sequence[bytes]) -> bool:
    """A member that is there twice is dropped, so the line gets shorter. It also does if a text was escaped."""
    if len(lines) != len(canonical):
        return False
    return all(
        len(line) == len(other) or canonical_line(line) is not None
        for line, other in zip(lines, canonical, strict=True)
    )


def _with_canonical_values(canonical: bytes) -> bytes:
    """``canonical`` is JSON without spaces."""
    if _SETS in canonical:
        canonical = _SET.sub(_sorted_set, canonical)
    if _OTHER_NUMBER.search(canonical):
        canonical = _NUMBER_VALUE.sub(lambda match: b'"N":"%b"' % _plain_decimal(match[1]), canonical)
    if _OTHER_BASE64.search(canonical):
        canonical = _BINARY_VALUE.sub(lambda match: b'"B":"%b"' % _canonical_base64(match[1]), canonical)
    return canonical


def _sorted_set(match: re.Match[bytes]) -> bytes:
    kind, content = match[1], match[2]
    escaped = b"\\" in content
    elements = [each[1:-1] for each in _STRINGS.findall(content)] if escaped else content[1:-1].split(b'","')
    if kind == b"NS":
        elements = list(map(_plain_decimal, elements))
    elif kind == b"BS":
        elements = list(map(_canonical_base64, elements))
    return b'"%b":["%b"]' % (kind, b'","'.join(sorted(set(elements))))


def _plain_decimal(text: bytes) -> bytes:
    parts = decimal_parts(text.decode("ascii", "replace"))
    if parts is None:
        return text  # no number, and equal only to itself
    negative, digits, exponent = parts
    if not digits:
        return b"0"
    if abs(exponent) > _MAX_EXPONENT:
        plain = f"{digits}E{exponent}"
    elif exponent >= 0:
        plain = digits + "0" * exponent
    else:
        digits = digits.rjust(1 - exponent, "0")
        plain = f"{digits[:exponent]}.{digits[exponent:]}"
    return f"-{plain}".encode() if negative else plain.encode()


def _canonical_base64(text: bytes) -> bytes:
    try:
        return binascii.b2a_base64(binascii.a2b_base64(text, strict_mode=True), newline=False)
    except ValueError:
        return text
