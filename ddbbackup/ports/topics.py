"""Amazon SNS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Topics(Protocol):
    """SNS topics in any region and account where the caller may publish."""

    def publish(self, topic_arn: str, *, subject: str, message: str, attributes: Mapping[str, str]) -> None:
        """``subject`` has at most 100 printable ASCII characters, ``message`` 256 KiB (SNS API: Publish)."""
