"""What the status of a table costs: a chain of any length is not read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ddbbackup.catalog import Record, RecordedVerification, StoredRecord
from ddbbackup.model.table_status import TableStatus
from ddbbackup.plan.model import AwsSettings, Plan, TableEntry
from ddbbackup.ports import ObjectFacts
from ddbbackup.status.table_status import read_table_statuses
from tests.support.contexts import run_context
from tests.support.records import IDENTITY
from tests.support.vaults import DAY, HOUR, TODAY, Vault

ENTRY = TableEntry(0, "vault", name="orders")
LENGTH = 300


class Counted:
    """The status of ``orders`` in a vault with an hourly chain, and the requests that it takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.vault = Vault()
        self.made = self.vault.chain(TODAY - (LENGTH + 1) * HOUR, LENGTH)
        self.requests: Counter[str] = Counter()
        objects, read, keys = self.vault.objects, self.vault.objects.read, self.vault.objects.keys

        def counted_read(bucket: str, key: str, **members: Any) -> tuple[bytes, ObjectFacts]:
            self.requests["summary" if key == self.vault.location.summary_key else "record"] += 1
            return read(bucket, key, **members)

        def counted_keys(*arguments: Any, **members: Any) -> Iterator[ObjectFacts]:
            self.requests["listing"] += 1
            return keys(*arguments, **members)

        monkeypatch.setattr(objects, "read", counted_read)
        monkeypatch.setattr(objects, "keys", counted_keys)

    def summarize(self) -> None:
        catalog, location = self.vault.catalog, self.vault.location
        catalog.update_summary(
            location, [each for each in catalog.of_table(location) if isinstance(each, StoredRecord)]
        )

    def status(self) -> TableStatus:
        plan = Plan("prod", "p.yaml", AwsSettings(), {"vault": self.vault.destination}, (ENTRY,), {})
        context = run_context(
            self.vault.clock,
            plan=plan,
            source=SimpleNamespace(identity=IDENTITY),
            catalog=self.vault.catalog,
        )
        self.requests.clear()
        (status,) = read_table_statuses(context, {"orders": ENTRY})
        return status


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


def test_a_chain_that_the_summary_knows_takes_four_requests(chain: Counted) -> None:
    """Recent keys, the newest record, the keys since the base, and the summary."""
    chain.summarize()
    assert chain.status().backup == chain.made[-1].id
    assert chain.requests == {"listing": 2, "record": 1, "summary": 1}


def test_without_a_summary_every_record_of_the_chain_is_read(chain: Counted) -> None:
    assert chain.status().backup == chain.made[-1].id
    assert chain.requests == {"listing": 2, "record": LENGTH + 1, "summary": 1}


def test_damage_since_the_summary_is_seen(chain: Counted) -> None:
    """Also if it is in the middle: the status counts from the window before it."""
    chain.summarize()
    culprit = chain.made[-3]
    chain.vault.write(replace(culprit, verified=damaged()))
    status = chain.status()
    assert status.backup == chain.made[-4].id
    assert [each.backup for each in status.not_restorable] == [each.id for each in reversed(chain.made[-3:])]
    assert f"needs the backup {culprit.id}, but it was found damaged" in status.not_restorable[0].reason


def test_a_full_backup_takes_two_requests_and_the_summary_of_older_ones(chain: Counted) -> None:
    """The summary tells which of the older ones may still be in progress."""
    chain.summarize()
    made: Record = chain.vault.full(TODAY)
    assert chain.status().backup == made.id
    assert chain.requests == {"listing": 1, "record": 1, "summary": 1}


def test_a_running_export_that_is_older_than_the_newest_backup_is_shown(chain: Counted) -> None:
    """An export may take longer than the one after it. `wait` completes it, and AWS bills it."""
    running = chain.vault.unfinished(TODAY - 2 * DAY, "in_progress", completed_at=None, verified=None)
    failed = chain.vault.unfinished(TODAY - 3 * DAY, "failed", completed_at=None, verified=None)
    chain.summarize()
    made: Record = chain.vault.full(TODAY)
    status = chain.status()
    assert (status.backup, status.running, status.last_failure) == (made.id, (running.id,), None)
    assert chain.requests == {"listing": 1, "record": 3, "summary": 1}, failed.id


def test_a_running_export_before_the_newest_chain_is_shown(chain: Counted) -> None:
    running = chain.vault.unfinished(TODAY - 6 * DAY, "in_progress", completed_at=None, verified=None)
    chain.summarize()
    assert chain.status().running == (running.id,)


def damaged() -> RecordedVerification:
    return RecordedVerification(level="items", at=TODAY, result="damaged")
