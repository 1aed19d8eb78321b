"""Restore points from the records in a bucket."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ddbbackup.catalog import RecordedVerification, StoredRecord
from ddbbackup.catalog.find_point import (
    FoundPoint,
    NewestChain,
    NoChain,
    NoPoint,
    find_point,
    newest_chain,
    not_restorable,
)
from tests.support.vaults import TODAY, Vault

START = TODAY - timedelta(hours=3)
DAMAGED = RecordedVerification(level="items", at=TODAY - timedelta(hours=1), result="damaged")


def problems(vault: Vault, *, newest: int) -> dict[str, str]:
    """Of the newest records, by backup ID. No record is read twice."""
    found = [each for each in vault.catalog.of_table(vault.location) if isinstance(each, StoredRecord)]
    vault.objects.reads.clear()
    of_newest = not_restorable(vault.catalog, found[:newest], known=found[:newest])
    read = vault.objects.reads
    assert len(read) == len({*read, *(each.key for each in found[:newest])}) - newest
    return {each.id: each.reason for each in of_newest.values()}


def test_a_whole_chain_can_be_restored() -> None:
    vault = Vault()
    vault.chain(START, 2)
    assert problems(vault, newest=1) == problems(vault, newest=3) == {}


@pytest.mark.parametrize("newest", [1, 2])
def test_a_window_cannot_be_restored_without_what_it_needs(newest: int) -> None:
    """Whether the records of that are asked for, too, or have to be read."""
    vault = Vault()
    base, first, second = vault.chain(START, 2)
    vault.write(replace(first, state="not_whole"))
    reason = f"it needs the backup {first.id}, but it is not_whole, not complete"
    assert problems(vault, newest=1)[second.id] == reason
    vault.write(replace(first, verified=DAMAGED))
    reason = f"it needs the backup {first.id}, but it was found damaged by `verify --level items`"
    assert problems(vault, newest=newest)[second.id].startswith(reason)
    key = vault.location.record_key(first.id)
    vault.objects.bodies[key] = b"{}"
    assert f"{first.id}, but it cannot be used: " in problems(vault, newest=1)[second.id]
    del vault.objects.bodies[key]
    reason = f"it needs the backup {first.id}, but it does not exist"
    assert problems(vault, newest=newest) == {second.id: reason}
    assert base.id not in problems(vault, newest=2)


def test_a_restore_passes_over_what_is_damaged() -> None:
    """It says so. If there is nothing else, it says why there is none."""
    vault = Vault()
    base, first, second = vault.chain(START, 2)
    vault.write(replace(first, verified=DAMAGED))
    found = find_point(vault.catalog, vault.location)
    assert isinstance(found, FoundPoint)
    assert found.point.id == base.id
    assert [note.partition(": ")[0] for note in found.notes] == [
        f"the newer backup {each.id} cannot be restored" for each in (second, first)
    ]
    vault.write(replace(base, verified=DAMAGED))
    nothing = find_point(vault.catalog, vault.location)
    assert isinstance(nothing, NoPoint)
    assert "it was found damaged by `verify --level items`" in nothing.notes[-1]


def test_no_chain_is_known_if_no_record_can_be_used() -> None:
    vault = Vault()
    assert newest_chain(vault.catalog, vault.location) == NoChain()
    for record in vault.chain(START, 2):
        vault.objects.bodies[vault.location.record_key(record.id)] = b"{}"
    assert newest_chain(vault.catalog, vault.location) == NoChain(unusable=True)


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("broken", ["missing", "damaged", "not complete", "unusable"])
def test_a_window_follows_only_a_whole_chain(number: int, broken: str) -> None:
    """Without its last window, a chain is whole."""
    vault = Vault()
    records = vault.chain(START, 2)
    key = vault.location.record_key(records[number].id)
    if broken == "missing":
        del vault.objects.bodies[key]
    elif broken == "unusable":
        vault.objects.bodies[key] = b"{}"
    elif broken == "damaged":
        vault.write(replace(records[number], verified=DAMAGED))
    else:
        vault.write(replace(records[number], state="expiring"))
    found = newest_chain(vault.catalog, vault.location)
    assert isinstance(found, NewestChain)
    if number == 2 and broken != "damaged":
        assert (found.last, found.base) == (records[1], records[0])
    else:
        assert found.base is None
