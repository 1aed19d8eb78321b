"""What few reads tell of the backups of a table, and that reading everything tells the same."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ddbbackup.archive.export_writing import make_export_id
from ddbbackup.catalog import RecordedCoverage, RecordedData, RecordedScan, RecordedVerification, StoredRecord
from ddbbackup.catalog.summary import SummarizedRecord, write_summary
from ddbbackup.model.backup_id import time_of_id
from ddbbackup.plan.model import Retention
from ddbbackup.retention.decision import FAILED_KEPT, decide_table, decision_of
from ddbbackup.retention.removal import Remover
from ddbbackup.retention.survey import read_table, survey_table
from tests.support.vaults import DAY, HOUR, TODAY, Vault, vaults

LAST = Retention(keep_last=1)


def reads(vault: Vault) -> int:
    keys = (key for key in vault.objects.reads if key != vault.location.summary_key)
    return len([key for key in keys if key.startswith(vault.location.records)])


def stored(vault: Vault) -> list[StoredRecord]:
    return [each for each in vault.catalog.of_table(vault.location) if isinstance(each, StoredRecord)]


def test_a_chain_of_hundreds_of_windows_is_known_by_its_newest_record() -> None:
    vault = Vault()
    old = vault.chain(TODAY - 40 * DAY, 300)
    new = vault.chain(TODAY - 20 * DAY, 300)
    survey = survey_table(vault.catalog, vault.location)
    assert sorted(survey.chains) == [tuple(each.id for each in old), tuple(each.id for each in new)]
    assert reads(vault) == 2
    decision = decide_table(vault.catalog, vault.location, LAST, now=TODAY)
    assert decision.removed == tuple(each.id for each in reversed(old))
    assert (list(decision.kept), decision.needed) == ([new[-1].id], 300)
    assert reads(vault) == 2 + 3  # and the base of the newest chain, which is verified


def test_full_backups_are_read_one_by_one_and_ahead_where_they_follow_each_other() -> None:
    vault = Vault()
    every = [vault.full(TODAY - each * DAY) for each in range(1, 30)]
    for at_once in (1, 8):
        survey = survey_table(vault.catalog, vault.location, reads_at_once=at_once)
        assert sorted(survey.chains) == sorted((each.id,) for each in every)
        assert reads(vault) == 29
        vault.objects.reads.clear()


def test_what_stands_between_the_backups_of_a_chain_is_read() -> None:
    vault = Vault()
    base = vault.full(TODAY - 3 * DAY)
    failed = vault.unfinished(TODAY - 2 * DAY - HOUR, "failed", verified=None)
    window = vault.window(base, TODAY - 2 * DAY)
    running = vault.unfinished(TODAY - DAY, "in_progress", completed_at=None, verified=None)
    decision = decide_table(vault.catalog, vault.location, LAST, now=TODAY)
    assert (list(decision.kept), decision.needed, decision.removed) == ([window.id], 1, ())
    assert (decision.in_progress, decision.recently_failed, decision.failed) == (
        (running.id,),
        (failed.id,),
        (),
    )


def test_what_a_window_in_progress_follows_is_kept() -> None:
    """The newest restore point may be another one, after a change of the method."""
    vault = Vault()
    old = vault.chain(TODAY - 9 * DAY, 2)
    newest = vault.full(TODAY - 2 * DAY)
    at = TODAY - DAY
    running = vault.window(old[1], at, state="in_progress", completed_at=None, verified=None)
    decision = decide_table(vault.catalog, vault.location, LAST, now=TODAY)
    assert decision.removed == (old[2].id,)
    assert decision.kept[old[1].id] == (f"{running.id}, which is in progress, needs it",)
    assert list(decision.kept) == [newest.id, old[1].id]


def test_failed_backups_go_after_a_while() -> None:
    vault = Vault()
    vault.full(TODAY - 100 * DAY)
    old = vault.unfinished(TODAY - FAILED_KEPT, "failed", verified=None)
    broken = vault.full(TODAY - FAILED_KEPT - DAY, state="not_whole", verified=None)
    recent = vault.unfinished(TODAY - FAILED_KEPT + HOUR, "failed", verified=None)
    decision = decide_table(vault.catalog, vault.location, LAST, now=TODAY)
    assert decision.failed == (old.id, broken.id)
    assert decision.recently_failed == (recent.id,)
    assert list(decision.reasons) == [old.id, broken.id]


def test_a_chain_with_a_missing_record_is_left_alone() -> None:
    """It cannot be restored, but nobody has decided to remove it."""
    vault = Vault()
    base, first, second = vault.chain(TODAY - 9 * DAY, 2)
    newest = vault.full(TODAY - DAY)
    del vault.objects.bodies[vault.location.record_key(first.id)]
    decision = decide_table(vault.catalog, vault.location, LAST, now=TODAY)
    assert list(decision.kept) == [newest.id]
    assert decision.removed == (base.id,)
    assert decision.notes == (
        f"{second.id} stays, although it cannot be restored: it needs the backup {first.id}, but it does not exist",
    )


def test_a_backup_that_was_found_damaged_is_not_verified() -> None:
    vault = Vault()
    damaged = RecordedVerification(level="items", at=TODAY, result="damaged")
    good = vault.full(TODAY - 3 * DAY)
    vault.full(TODAY - 2 * DAY, verified=damaged)
    vault.full(TODAY - DAY, verified=None)
    decision = decide_table(vault.catalog, vault.location, LAST, now=TODAY)
    assert decision.kept[good.id] == ("the newest verified restore point",)


def test_a_scan_that_ended_last_is_the_newest_by_its_data() -> None:
    """Its ID has the time at which it began, so that a later export has a greater ID."""
    vault = Vault()
    scan = vault.full(TODAY - 3 * DAY, has_arn=False)
    covers = RecordedCoverage(kind="interval", start=TODAY - 3 * DAY, end=TODAY - DAY)
    scan_id = make_export_id(scan.started_at, scan.id.rpartition("-")[2])
    manifest_key = f"orders/AWSDynamoDB/{scan_id}/manifest-summary.json"
    data = RecordedData(manifest_key=manifest_key, item_count=0, file_count=0, size_bytes=0)
    of_scan: dict[str, Any] = {
        "made_by": "scan",
        "scan": RecordedScan(export_id=scan_id, segments=1),
        "export": None,
    }
    vault.write(replace(scan, covers=covers, data=data, **of_scan))
    full = vault.full(TODAY - 2 * DAY)
    assert scan.id < full.id
    decision = decide_table(vault.catalog, vault.location, LAST, now=TODAY)
    assert decision.kept == {
        full.id: ("the newest restore point", "keep_last: 1"),
        scan.id: ("its data is the newest",),
    }


@settings(max_examples=60)
@given(
    vaults(),
    st.sampled_from([1, 4]),
    st.builds(
        Retention, keep_last=st.integers(0, 2), keep_monthly=st.integers(0, 3), min_verified=st.integers(1, 3)
    ),
)
def test_few_reads_decide_as_all_of_them_do(vault: Vault, at_once: int, policy: Retention) -> None:
    few = decide_table(vault.catalog, vault.location, policy, now=TODAY, reads_at_once=at_once)
    every = decision_of(read_table(vault.catalog, vault.location), policy, vault.catalog, now=TODAY)
    assert (few.kept, few.needed, few.reasons) == (every.kept, every.needed, every.reasons)
    assert (few.in_progress, few.recently_failed) == (every.in_progress, every.recently_failed)


# ---- the summary


def test_full_backups_that_the_summary_knows_are_not_read() -> None:
    vault = Vault()
    every = [vault.full(TODAY - each * DAY) for each in range(1, 30)]
    vault.catalog.update_summary(vault.location, stored(vault))
    vault.objects.reads.clear()
    decision = decide_table(vault.catalog, vault.location, LAST, now=TODAY)
    assert decision.removed == tuple(each.id for each in every[1:])
    assert decision.size_bytes == 28 * 200
    assert vault.objects.reads == [vault.location.summary_key]


@settings(max_examples=60)
@given(vaults(), st.data(), st.builds(Retention, keep_last=st.integers(0, 2), min_verified=st.integers(1, 3)))
def test_a_summary_of_some_records_decides_as_all_records_do(
    vault: Vault, data: st.DataObject, policy: Retention
) -> None:
    """Some are missing in it, and some have changed since."""
    every = stored(vault)
    vault.catalog.update_summary(
        vault.location, [each for each in every if data.draw(st.booleans(), label=each.record.id)]
    )
    for each in every:
        if each.record.state == "complete" and data.draw(st.sampled_from([False, False, True])):
            vault.write(replace(each.record, verified=None))
    few = decide_table(vault.catalog, vault.location, policy, now=TODAY)
    read = decision_of(read_table(vault.catalog, vault.location), policy, vault.catalog, now=TODAY)
    assert (few.kept, few.needed, few.reasons) == (read.kept, read.needed, read.reasons)
    assert (few.in_progress, few.recently_failed) == (read.in_progress, read.recently_failed)


@settings(max_examples=60)
@given(vaults(), st.data(), st.builds(Retention, keep_last=st.integers(0, 2), min_verified=st.integers(1, 3)))
def test_a_false_summary_never_removes_what_is_to_be_kept(
    vault: Vault, data: st.DataObject, policy: Retention
) -> None:
    """It may say anything of any record that agrees with its ID, also of those that are running. The next plan is
    right again.
    """
    every = stored(vault)
    right = decision_of(read_table(vault.catalog, vault.location), policy, vault.catalog, now=TODAY)
    ids = [each.record.id for each in every]

    def false_row(each: StoredRecord) -> SummarizedRecord:
        previous = data.draw(st.none() | st.sampled_from(ids))
        time = int(time_of_id(each.record.id).timestamp())
        return SummarizedRecord(
            each.record.id,
            each.etag,
            previous,
            "0" * 8,
            time,
            time if previous else time + data.draw(st.integers(0, 86_400)),
            1,
            data.draw(st.sampled_from(["ok", "damaged", None])),
            "window" if previous else "full",
            1,
        )

    false = {each.record.id: false_row(each) for each in every}
    vault.objects.bodies[vault.location.summary_key] = write_summary(false)
    planned = decide_table(vault.catalog, vault.location, policy, now=TODAY)
    kept = vault.ids() - right.reasons.keys()
    Remover(vault.catalog, vault.objects, vault.snapshots, threading.Event()).remove(
        planned, policy, now=TODAY
    )
    assert kept <= vault.ids()
    vault.assert_whole()
    now = decide_table(vault.catalog, vault.location, policy, now=TODAY)
    read = decision_of(read_table(vault.catalog, vault.location), policy, vault.catalog, now=TODAY)
    assert (now.kept, now.reasons) == (read.kept, read.reasons)
