"""Error responses of the emulated services."""

from __future__ import annotations


class AwsError(Exception):
    """An error response: ``code`` without its namespace, and the message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
