"""The table that settings come from, the table that they are applied to, and the ARNs that change on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ddbbackup.model.arn import Arn
from ddbbackup.model.json_value import Json, JsonObject


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

    def rewrite(self, value: JsonObject) -> JsonObject:
        """The object with every ARN of the source, its indexes and streams replaced by one of the target."""
        pattern = re.compile(re.escape(str(self.source)) + r"(?![A-Za-z0-9_.-])")
        return map_texts(value, lambda text: pattern.sub(lambda _: str(self.target), text))

    def relocate(self, arn: str) -> str:
        """The same resource of another service in the partition, region and account of the target."""
        return str(Arn.parse(arn).moved_to(self.target))


def map_texts(value: JsonObject, change: Callable[[str], str]) -> JsonObject:
    """The object with ``change`` applied to every string in it, also to the names of members."""
    return {change(name): _map_texts(member, change) for name, member in value.items()}


def _map_texts(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return map_texts(value, change)
    if isinstance(value, Sequence):
        return [_map_texts(each, change) for each in value]
    return value
