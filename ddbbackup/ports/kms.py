"""Facts about KMS keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KmsKeyFacts:
    """What ``DescribeKey`` says; ``state`` is ``Enabled`` for a key that works.

    ``manager`` is ``AWS`` for keys such as aws/dynamodb.
    """

    arn: str
    state: str
    usage: str
    spec: str
    manager: str = "CUSTOMER"


class KmsKeys(Protocol):
    """KMS in one region."""

    def describe(self, key_id: str) -> KmsKeyFacts | None:
        """By id, alias or ARN; None if there is no such key in this region."""
