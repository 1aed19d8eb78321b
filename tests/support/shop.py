"""A table of orders by customer, with a full backup of 20 orders and a window of changes."""

from __future__ import annotations

from typing import Any

from ddbbackup.sandbox.sandbox_clock import SandboxClock
from tests.support.aws import Aws
from tests.support.plans import plan
from tests.support.program import Program, Result

Item = dict[str, Any]


def order(customer: str, at: int, total: str = "5", **more: Any) -> Item:
    return {"id": {"S": customer}, "at": {"N": f"{at}"}, "total": {"N": total}, **more}


class Shop:
    """A table of orders by customer, with a full backup and a window of changes."""

    def __init__(self, aws: Aws, bucket: str, table: str, program: Program, clock: SandboxClock) -> None:
        self.aws, self.bucket, self.table, self.program, self.clock = aws, bucket, table, program, clock
        definitions = [
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
        ]
        schema = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
        aws.dynamodb.create_table(
            TableName=table, KeySchema=schema, AttributeDefinitions=definitions, BillingMode="PAY_PER_REQUEST"
        )
        aws.set_pitr(table, enabled=True)
        self.plan()
        aws.put(table, *(order(f"c-{n % 5}", n) for n in range(20)))
        self.back_up()
        aws.put(table, order("c-1", 1, "99.50"), order("c-1", 100, "7"), order("c-2", 200))
        self.delete("c-1", 6)
        self.delete("c-2", 7)
        self.back_up()

    def plan(self, **restores: Any) -> None:
        tables = [{"name": self.table, "method": "incremental"}]
        self.program.plan(plan(self.aws, self.bucket, tables=tables, restores=restores))

    def back_up(self) -> None:
        self.clock.advance(3600)
        done = self.program.run("backup")
        assert done.code == 0, done.err

    def delete(self, customer: str, at: int) -> None:
        self.aws.dynamodb.delete_item(TableName=self.table, Key={"id": {"S": customer}, "at": {"N": f"{at}"}})

    def of(self, customer: str) -> list[Item]:
        return [each for each in self.aws.items(self.table) if each["id"]["S"] == customer]

    def restore(self, target: str, *options: str, only: Any = None, **members: Any) -> Result:
        part = {"only": only} if only is not None else {}
        self.plan(back={"table": self.table, "to": {"table": target}, **part, **members})
        return self.program.run("restore", "back", "--output", "json", *options)
