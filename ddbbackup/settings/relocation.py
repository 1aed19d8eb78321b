"""From where to where a table's settings go, and what that does to the ARNs in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TableArn:
    """One table's place: the parts of its ARN."""

    partition: str
    region: str
    account: str
    table: str

    @classmethod
    def of(cls, table_arn: str) -> TableArn:
        _, partition, _, region, account, resource = table_arn.split(":", 5)
        return cls(partition, region, account, resource.removeprefix("table/"))

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:dynamodb:{self.region}:{self.account}:table/{self.table}"


@dataclass(frozen=True, slots=True)
class Relocation:
    """``source`` is the table that the backup was made of."""

    source: TableArn
    target: TableArn

    @classmethod
    def between(cls, source_arn: str, target_arn: str) -> Relocation:
        return cls(TableArn.of(source_arn), TableArn.of(target_arn))

    @property
    def same_region(self) -> bool:
        return (self.source.partition, self.source.region) == (self.target.partition, self.target.region)

    @property
    def same_account(self) -> bool:
        return (self.source.partition, self.source.account) == (self.target.partition, self.target.account)

    @property
    def same_table(self) -> bool:
        return self.source == self.target

    def of_table(self, value: Any) -> Any:
        """The same with every ARN of the source table, its indexes and streams as one of the target."""
        pattern = re.compile(re.escape(self.source.arn) + r"(?![A-Za-z0-9_.-])")
        return _each_text(value, lambda text: pattern.sub(lambda _: self.target.arn, text))

    def elsewhere(self, arn: str) -> str:
        """An ARN of another service, in the target's partition, region and account."""
        parts = arn.split(":", 5)
        return ":".join(
            ["arn", self.target.partition, parts[2], self.target.region, self.target.account, parts[5]]
        )


def _each_text(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _each_text(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_each_text(each, change) for each in value]
    return value
