"""KMS keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KmsKeyFacts:
    """The response of ``DescribeKey``.

    ``state`` is ``Enabled`` for a key that can be used. ``manager`` is ``AWS`` for AWS managed keys such as
    aws/dynamodb.
    """

    arn: str
    state: str
    usage: str
    spec: str
    manager: str = "CUSTOMER"


class KmsKeys(Protocol):
    """KMS in one region."""

    def describe(self, key_id: str) -> KmsKeyFacts | None:
        """By ID, alias or ARN; None if the key does not exist in this region."""
