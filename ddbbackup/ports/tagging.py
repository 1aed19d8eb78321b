"""The Resource Groups Tagging API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Tagging(Protocol):
    """The tags of many resources at once."""

    def of_tables(self) -> Mapping[str, Mapping[str, str]]:
        """The tags of every table of the account and region that has or had tags, by the table's name. Blocks.

        Raises ``AccessDenied``, and ``NotSupported`` for an emulator without this service.
        """
