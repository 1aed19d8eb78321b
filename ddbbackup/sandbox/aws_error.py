"""How the emulated services refuse."""

from __future__ import annotations


class AwsError(Exception):
    """An error answer: ``code`` without its namespace, and AWS's words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
