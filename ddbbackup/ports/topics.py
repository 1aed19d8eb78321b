"""Amazon SNS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Topics(Protocol):
    """Topics of any region and account that the caller may publish to."""

    def publish(self, topic_arn: str, *, subject: str, message: str, attributes: Mapping[str, str]) -> None:
        """``subject`` is at most 100 printable ASCII characters, ``message`` 256 KiB (botocore's model: Publish)."""
