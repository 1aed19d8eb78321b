"""A table that was deleted has no row in ``status``; its recent backups say that it is gone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ddbbackup.model.encryption import Encryption
from ddbbackup.plan.model import AwsSettings, Plan, TableEntry
from ddbbackup.plan.selection import Inventory
from ddbbackup.status.gone_tables import gone_tables
from ddbbackup.steps.context import RunContext
from tests.support.contexts import run_context
from tests.support.records import IDENTITY
from tests.support.vaults import DAY, TODAY, Vault

OTHERS = Inventory(("customers", "users"))


def context(vault: Vault, entry: TableEntry) -> RunContext:
    return run_context(
        vault.clock,
        plan=Plan("prod", "p.yaml", AwsSettings(), {"vault": vault.destination}, (entry,), {}),
        source=SimpleNamespace(identity=IDENTITY),
        catalog=vault.catalog,
    )


@pytest.fixture
def vault() -> Vault:
    """With backups of ``orders``."""
    made = Vault()
    made.full(TODAY - 2 * DAY)
    made.full(TODAY - DAY)
    return made


def test_a_table_with_recent_backups_that_does_not_exist_is_gone(vault: Vault) -> None:
    entry = TableEntry(0, "vault", match="ord*")
    (found,) = gone_tables(context(vault, entry), OTHERS)
    assert (found.table, found.backup) == ("orders", max(vault.ids()))


@pytest.mark.parametrize(
    ("entry", "inventory"),
    [
        (TableEntry(0, "vault", match="ord*"), Inventory(("orders",))),
        (TableEntry(0, "vault", match="ord*", exclude=("orders",)), OTHERS),
        (TableEntry(0, "other", match="ord*"), OTHERS),
        (TableEntry(0, "vault", match="*", tags={"backup": "daily"}), OTHERS),
        (TableEntry(0, "vault", name="orders"), Inventory()),
    ],
    ids=["exists", "excluded", "of another destination", "by tags that nobody knows", "names not listed"],
)
def test_other_tables_are_not(vault: Vault, entry: TableEntry, inventory: Inventory) -> None:
    assert gone_tables(context(vault, entry), inventory) == ()


def test_old_backups_of_a_table_that_was_dropped_long_ago_say_nothing() -> None:
    vault = Vault()
    vault.full(TODAY - 8 * DAY)
    assert gone_tables(context(vault, TableEntry(0, "vault", match="*")), OTHERS) == ()


def test_only_the_tables_that_are_asked_for(vault: Vault) -> None:
    entry = TableEntry(0, "vault", match="ord*")
    assert gone_tables(context(vault, entry), OTHERS, only=("cust*",)) == ()
    assert gone_tables(context(vault, entry), OTHERS, hidden={"vault"}) == ()


def test_a_folder_that_is_not_named_as_a_table_is_none() -> None:
    """Its name would be in a command to type, and others may write to the bucket."""
    for name in ("$(reboot)", "a b", "x`y"):
        vault = Vault(table=name)
        vault.objects.put(
            "vault",
            vault.location.record_key("20261123T000000Z-00000000"),
            b"{}",
            content_type="text/plain",
            encryption=Encryption(),
        )
        vault.objects.put(
            "vault",
            Vault().location.record_key("20261123T000000Z-00000000"),
            b"{}",
            content_type="text/plain",
            encryption=Encryption(),
        )
        found = gone_tables(context(vault, TableEntry(0, "vault", match="*")), OTHERS)
        assert [each.table for each in found] == ["orders"]
