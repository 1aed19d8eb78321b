"""Tables with backups that the plan no longer selects, and what it costs to find them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ddbbackup.plan.model import AwsSettings, Plan, TableEntry
from ddbbackup.status.unselected_tables import UnselectedTable, unselected_tables
from ddbbackup.steps.context import RunContext
from tests.support.contexts import run_context
from tests.support.records import IDENTITY
from tests.support.vaults import DAY, TODAY, Vault


@pytest.fixture
def vault() -> Vault:
    made = Vault()
    made.full(TODAY - DAY)
    return made


def context(vault: Vault) -> RunContext:
    entry = TableEntry(0, "vault", name="customers")
    tables = SimpleNamespace(describe=lambda name: None)
    return run_context(
        vault.clock,
        plan=Plan("prod", "p.yaml", AwsSettings(), {"vault": vault.destination}, (entry,), {}),
        source=SimpleNamespace(identity=IDENTITY, tables=tables),
        catalog=vault.catalog,
    )


def test_a_table_that_is_no_longer_selected(vault: Vault) -> None:
    """Its backup is the newest one of the plan, so the last run made it."""
    (found,) = unselected_tables(context(vault), {"customers"})
    assert found == UnselectedTable(
        "orders", found.last_backup, found.last_backup_time, in_last_run=True, exists=True
    )


def test_if_every_table_is_selected_no_record_is_read(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """One listing of the folders, for any number of tables."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("read")

    monkeypatch.setattr(vault.objects, "read", refuse)
    assert unselected_tables(context(vault), {"orders", "customers"}) == ()
