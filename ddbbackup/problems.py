"""Problems of a plan, as every output format shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

STDIN: Final = "-"
"""The name of the file of a plan that is read from stdin, on the command line and in problems."""

ProblemCode = Literal[
    "bad-expression",
    "bad-name",
    "bad-template",
    "bad-value",
    "duplicate-key",
    "duplicate-table",
    "empty",
    "empty-value",
    "impossible-expect",
    "key-not-a-string",
    "key-without-kms",
    "literal-secret",
    "merge-key",
    "missing-key",
    "no-destination",
    "no-file",
    "not-a-choice",
    "not-a-mapping",
    "not-a-selector",
    "not-backed-up",
    "not-utf-8",
    "one-of",
    "out-of-bounds",
    "ping-with-when",
    "recursive-alias",
    "repeated",
    "several-documents",
    "syntax",
    "tag",
    "too-deep",
    "too-large",
    "too-many-values",
    "unknown-alias",
    "unknown-destination",
    "unknown-field",
    "unknown-key",
    "unreadable",
    "unset-variable",
    "unsupported-combination",
    "unsupported-version",
    "wrong-type",
]
"""Stable identifiers of the kinds of problems, for machine readers."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One defect of a plan: where it is, what is wrong, and one thing to do about it.

    ``line`` and ``column`` count from 1 and point at the value, or at the key if the key is the defect. ``path``
    is the place in the document, such as ``tables[2].rpo``; it is empty for the whole file. ``message`` never
    contains the value of a variable or a secret.
    """

    file: str
    line: int
    column: int
    path: str
    code: ProblemCode
    message: str
    hint: str
