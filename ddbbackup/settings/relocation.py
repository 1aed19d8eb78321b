"""The table that settings come from, the table that they are applied to, and the ARNs that change on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ddbbackup.model.arn import Arn


@dataclass(frozen=True, slots=True)
class Relocation:
    """``source`` is the table that was backed up, ``target`` the table that is restored."""

    source: Arn
    target: Arn

    @classmethod
    def between(cls, source_arn: str, target_arn: str) -> Relocation:
        """Raises ``Refused`` unless both are ARNs of tables."""
        return cls(Arn.parse(source_arn).table, Arn.parse(target_arn).table)

    @property
    def same_region(self) -> bool:
        return (self.source.partition, self.source.region) == (self.target.partition, self.target.region)

    @property
    def same_account(self) -> bool:
        return (self.source.partition, self.source.account) == (self.target.partition, self.target.account)

    @property
    def same_table(self) -> bool:
        return self.source == self.target

    def rewrite(self, value: Any) -> Any:
        """The JSON value with every ARN of the source, its indexes and streams replaced by one of the target."""
        pattern = re.compile(re.escape(str(self.source)) + r"(?![A-Za-z0-9_.-])")
        return _map_texts(value, lambda text: pattern.sub(lambda _: str(self.target), text))

    def relocate(self, arn: str) -> str:
        """The same resource of another service in the partition, region and account of the target."""
        return str(Arn.parse(arn).moved_to(self.target))


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _map_texts(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_map_texts(each, change) for each in value]
    return value
