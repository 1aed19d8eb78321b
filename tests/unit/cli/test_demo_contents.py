"""What ``demo --serve -f PLAN`` says about the sandbox."""

from __future__ import annotations

from ddbbackup.cli.commands.demo import _contents


def test_many_tables_are_counted_and_few_are_named() -> None:
    """So that the commands to type are seen."""
    assert _contents(["orders", "users"], ["vault"]) == "orders, users and the bucket vault"
    assert _contents([f"t{n}" for n in range(200)], ["vault", "audit"]) == (
        "200 tables and the buckets vault, audit"
    )
