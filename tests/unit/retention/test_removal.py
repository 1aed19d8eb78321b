"""What a prune deletes, in what order, and what a killed one leaves behind."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ddbbackup.catalog import Record
from ddbbackup.errors import AccessDenied, Conflict, DataIncomplete, Refused, Throttled
from ddbbackup.plan.model import Retention
from ddbbackup.retention.decision import FAILED_KEPT, Decision, decide_table
from ddbbackup.retention.removal import Removal, Remover
from tests.support.vaults import DAY, HOUR, OK, TODAY, Killed, Vault, vaults

LAST = Retention(keep_last=1)


def plan(vault: Vault, policy: Retention = LAST) -> Decision:
    return decide_table(vault.catalog, vault.location, policy, now=TODAY)


def remove(vault: Vault, policy: Retention = LAST, planned: Decision | None = None) -> Removal:
    remover = Remover(vault.catalog, vault.objects, vault.snapshots, threading.Event())
    return remover.remove(planned or plan(vault, policy), policy, now=TODAY)


def test_data_manifests_and_records_of_full_backups_are_removed() -> None:
    vault = Vault()
    old, new = vault.full(TODAY - 2 * DAY, files=3), vault.full(TODAY - DAY)
    kept = {key for key in vault.objects.bodies if vault.folder(new) in key or new.id in key}
    removal = remove(vault)
    assert removal == Removal([old.id], objects=3 + 5, size_bytes=300)
    documents = {key for key in vault.objects.bodies if "/tables/" in key}
    assert vault.objects.bodies.keys() == kept | documents | {vault.location.summary_key}
    vault.assert_whole()


def test_data_goes_before_manifests_and_those_before_the_record() -> None:
    vault = Vault()
    old = vault.full(TODAY - 2 * DAY)
    vault.full(TODAY - DAY)
    remove(vault)
    data, manifests, records = vault.objects.batches
    assert all("/data/" in key for key in data)
    assert [key.removeprefix(vault.folder(old)) for key in manifests] == [
        "manifest-summary.json",
        "manifest-summary.md5",
        "manifest-files.json",
        "manifest-files.md5",
        "_started",
    ]
    assert records == (vault.location.record_key(old.id),)


def test_a_request_deletes_a_thousand_objects() -> None:
    vault = Vault()
    vault.full(TODAY - 2 * DAY, files=2500)
    vault.full(TODAY - DAY)
    assert remove(vault).objects == 2505
    assert [len(batch) for batch in vault.objects.batches] == [1000, 1000, 500, 5, 1]


def test_a_tail_of_windows_leaves_the_data_of_the_others_in_the_shared_folder() -> None:
    vault = Vault()
    chain = vault.chain(TODAY - 9 * DAY, 3)
    newest = vault.full(TODAY - DAY)
    running = vault.window(chain[1], TODAY - HOUR, state="in_progress", completed_at=None, verified=None)
    removal = remove(vault)
    assert removal.backups == [chain[3].id, chain[2].id]
    assert vault.ids() == {chain[0].id, chain[1].id, newest.id, running.id}
    vault.assert_whole()
    shared = [key for key in vault.objects.bodies if key.startswith("ddb/orders/AWSDynamoDB/data/")]
    assert len(shared) == 4  # of the window that stays, and of the one in progress


def test_objects_that_no_manifest_names_are_left_alone() -> None:
    vault = Vault()
    old = vault.full(TODAY - 2 * DAY)
    vault.full(TODAY - DAY)
    strange = [f"{vault.folder(old)}{name}" for name in ("notes.txt", "data/copy.tar", "data/other.json.gz")]
    for key in (*strange, "ddb/orders/elsewhere"):
        vault.objects.bodies[key] = b"mine"
    removal = remove(vault)
    assert (removal.backups, removal.others) == ([old.id], 3)
    assert {*strange, "ddb/orders/elsewhere"} <= vault.objects.bodies.keys()


@pytest.mark.parametrize("name", ["../x.json.gz", "a/b.txt", "secrets"])
def test_a_manifest_cannot_name_objects_of_another_form(name: str) -> None:
    """Whoever changes a manifest must not choose what is deleted."""
    vault = Vault()
    chain = vault.chain(TODAY - 9 * DAY, 1)
    vault.full(TODAY - DAY)
    victim = f"ddb/orders/AWSDynamoDB/data/{name}"
    vault.put_manifests(chain[1], [victim])
    removal = remove(vault)
    assert isinstance(removal.failures[chain[1].id], DataIncomplete | Refused)
    assert victim in vault.objects.bodies


@pytest.mark.parametrize("prefix", ["ddb/{table}/", "all/"])
def test_data_that_the_manifest_of_another_window_names_is_not_deleted(prefix: str) -> None:
    """A changed manifest of a window names the files of a window that stays, perhaps of another table."""
    vault = Vault(prefix=prefix)
    other = vault if "{" in prefix else Vault(prefix=prefix, table="users")
    other.objects = vault.objects
    other.catalog = vault.catalog
    old = vault.chain(TODAY - 19 * DAY, 1)
    vault.full(TODAY - DAY)
    stays = other.window(other.full(TODAY - 9 * DAY), TODAY - 8 * DAY)
    policy = LAST if other is not vault else Retention(keep_within_seconds=10 * 86_400)
    files = [key for key in other.keys_of(stays) if "/data/" in key]
    vault.put_manifests(old[1], files)
    removal = remove(vault, policy)
    assert "the manifest of another export also names" in removal.failures[old[1].id].message
    assert set(files) <= vault.objects.bodies.keys()
    assert {each.id: each.state for each in vault.records()}[old[1].id] == "expiring"


def test_a_record_that_names_the_data_of_a_kept_one_deletes_nothing() -> None:
    """A record is a claim: whoever writes one must not have the data of another removed."""
    vault = Vault()
    kept = vault.full(TODAY - DAY)
    old = vault.full(TODAY - 2 * DAY)
    assert old.export is not None
    vault.write(replace(old, export=replace(old.export, arn=kept.export_arn), data=kept.data))
    removal = remove(vault)
    assert "is also that of" in removal.failures[old.id].message
    vault.assert_whole()


def test_a_failed_export_without_a_manifest_loses_the_data_files_of_its_own_folder() -> None:
    vault = Vault()
    vault.full(TODAY - 40 * DAY)
    failed = vault.unfinished(TODAY - FAILED_KEPT - DAY, "failed", verified=None)
    folder = vault.folder(failed)
    for name in ("_started", "data/aaaa.json.gz", "data/notes.txt"):
        vault.objects.bodies[folder + name] = b""
    without = vault.unfinished(TODAY - FAILED_KEPT - DAY, "failed", has_arn=False, verified=None)
    removal = remove(vault)
    assert set(removal.backups) == {failed.id, without.id}
    assert [key for key in vault.objects.bodies if key.startswith(folder)] == [f"{folder}data/notes.txt"]


def test_an_on_demand_backup_is_deleted_before_its_record() -> None:
    vault = Vault()
    old, newest = vault.snapshot(TODAY - 2 * DAY), vault.snapshot(TODAY - DAY)
    assert old.snapshot is not None
    assert newest.snapshot is not None
    removal = remove(vault)
    assert (removal.backups, removal.objects) == ([old.id], 0)
    assert list(vault.snapshots.by_arn) == [newest.snapshot.arn]
    assert vault.ids() == {newest.id}


def test_an_on_demand_backup_that_is_gone_does_not_keep_its_record() -> None:
    vault = Vault()
    old = vault.snapshot(TODAY - 2 * DAY)
    vault.snapshot(TODAY - DAY)
    assert old.snapshot is not None
    del vault.snapshots.by_arn[str(old.snapshot.arn)]
    assert remove(vault).backups == [old.id]


def test_an_on_demand_backup_of_somebody_else_is_not_deleted() -> None:
    """A record is a claim; the name of an on-demand backup is derived from the run that made it."""
    vault = Vault()
    old = vault.snapshot(TODAY - 2 * DAY)
    vault.snapshot(TODAY - DAY)
    assert old.snapshot is not None
    arn = str(old.snapshot.arn)
    vault.snapshots.by_arn[arn] = replace(vault.snapshots.by_arn[arn], name="before-the-migration")
    removal = remove(vault)
    assert isinstance(removal.failures[old.id], DataIncomplete)
    assert arn in vault.snapshots.by_arn


def test_objects_that_cannot_be_deleted_stay_and_are_tried_again() -> None:
    """Such as those that a bucket policy or a legal hold protects. The backup is no restore point any more."""
    vault = Vault()
    locked, other = vault.full(TODAY - 3 * DAY), vault.full(TODAY - 2 * DAY)
    vault.full(TODAY - DAY)
    key = next(key for key in vault.keys_of(locked) if "/data/" in key)
    vault.objects.undeletable[key] = AccessDenied("could not delete it: Access Denied", hint="-")
    removal = remove(vault)
    assert removal.backups == [other.id]
    error = removal.failures[locked.id]
    assert isinstance(error, AccessDenied)
    assert error.message == (
        f"1 object of the backup {locked.id} was not deleted; the first: could not delete it: Access Denied"
    )
    assert error.hint.startswith("allow s3:DeleteObject")
    assert {each.id: each.state for each in vault.records()}[locked.id] == "expiring"
    assert plan(vault).expiring == (locked.id,)
    vault.objects.undeletable.clear()
    assert remove(vault).backups == [locked.id]


def test_a_busy_service_is_asked_again() -> None:
    vault = Vault()
    old = vault.full(TODAY - 2 * DAY)
    vault.full(TODAY - DAY)
    busy = next(key for key in vault.keys_of(old) if "/data/" in key)
    vault.objects.undeletable[busy] = Throttled("slow down", hint="-")

    class Waited(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            vault.objects.undeletable.clear()
            return False

    removal = Remover(vault.catalog, vault.objects, vault.snapshots, Waited()).remove(
        plan(vault), LAST, now=TODAY
    )
    assert (removal.backups, removal.failures) == ([old.id], {})


def test_nothing_of_a_table_is_removed_while_one_of_its_records_cannot_be_used() -> None:
    """It may need any of the others."""
    vault = Vault()
    vault.full(TODAY - 2 * DAY)
    newest = vault.full(TODAY - DAY)
    planned = plan(vault)
    vault.objects.bodies[vault.location.record_key(newest.id)] = b"{}"
    before = dict(vault.objects.bodies)
    with pytest.raises(
        DataIncomplete, match="no backup of orders is removed, because a record cannot be used"
    ):
        remove(vault, planned=planned)
    assert vault.objects.bodies == before


def test_nothing_is_removed_if_the_data_of_what_stays_is_gone() -> None:
    """A lifecycle rule, or somebody, deleted it: then the others are all that there is."""
    vault = Vault()
    vault.full(TODAY - 2 * DAY)
    newest = vault.full(TODAY - DAY)
    for key in [each for each in vault.objects.bodies if each.startswith(vault.folder(newest))]:
        del vault.objects.bodies[key]
    before = dict(vault.objects.bodies)
    with pytest.raises(DataIncomplete, match=f"the data of {newest.id}, which stays, does not exist"):
        remove(vault)
    assert vault.objects.bodies == before


def test_a_window_that_began_after_the_decision_keeps_what_it_needs() -> None:
    vault = Vault()
    chain = vault.chain(TODAY - 9 * DAY, 2)
    vault.full(TODAY - DAY)
    planned = plan(vault)
    vault.window(chain[2], TODAY - HOUR, state="in_progress", completed_at=None, verified=None)
    removal = remove(vault, planned=planned)
    assert removal.backups == []
    assert removal.notes == [
        f"stayed, because other records of the table changed: {chain[2].id}, and 2 more",
    ]


def test_a_record_inside_a_chain_that_is_not_complete_stops_the_removal_of_others() -> None:
    """The decision trusts the newest record of a chain; the removal reads all of them."""
    vault = Vault()
    older = vault.full(TODAY - 9 * DAY)
    chain = vault.chain(TODAY - 3 * DAY, 3)
    planned = plan(vault)
    assert planned.removed == (older.id,)
    vault.write(replace(chain[0], state="not_whole"))
    assert remove(vault, planned=planned).backups == []


def test_a_verification_that_ends_meanwhile_does_not_bring_a_backup_back() -> None:
    vault = Vault()
    old = vault.full(TODAY - 2 * DAY, verified=None)
    vault.full(TODAY - DAY)
    stored = vault.catalog.find(vault.location, old.id)
    assert stored is not None
    vault.catalog.update(stored, replace(old, state="expiring"))
    with pytest.raises(Conflict, match=r"`ddbbackup prune` is removing the backup"):
        vault.catalog.update(stored, replace(old, verified=OK))
    assert plan(vault).expiring == (old.id,)


def test_a_record_that_another_run_changes_is_marked_in_its_new_state() -> None:
    vault = Vault()
    old = vault.full(TODAY - 2 * DAY, verified=None)
    vault.full(TODAY - DAY)
    vault.objects.before_put = lambda: vault.write(replace(old, verified=OK))
    assert remove(vault).backups == [old.id]


def test_descriptions_that_no_record_names_any_more_are_removed() -> None:
    vault = Vault()
    first = vault.full(TODAY - 3 * DAY, description={"TableName": "first"})
    vault.full(TODAY - 2 * DAY, description={"TableName": "both"})
    last = vault.full(TODAY - DAY, description={"TableName": "both"})
    assert first.table.description is not None
    assert last.table.description is not None
    removal = remove(vault)
    assert removal.documents == 1
    assert vault.location.document_key(first.table.description) not in vault.objects.bodies
    assert vault.location.document_key(last.table.description) in vault.objects.bodies


def test_a_description_that_a_new_backup_names_meanwhile_is_written_again() -> None:
    vault = Vault()
    old = vault.full(TODAY - 3 * DAY, description={"TableName": "old form"})
    vault.full(TODAY - 2 * DAY)
    assert old.table.description is not None
    key = vault.location.document_key(old.table.description)
    body = vault.objects.bodies[key]

    def begin() -> None:
        vault.objects.before_delete = lambda keys: None
        vault.unfinished(TODAY - HOUR, "in_progress", description={"TableName": "old form"}, verified=None)

    vault.objects.before_delete = lambda keys: begin() if key in keys else None
    remove(vault)
    assert vault.objects.bodies[key] == body


@settings(max_examples=80)
@given(
    vaults(),
    st.builds(
        Retention, keep_last=st.integers(0, 2), keep_monthly=st.integers(0, 2), min_verified=st.integers(1, 2)
    ),
    st.integers(1, 60),
)
def test_a_killed_prune_leaves_whole_restore_points_and_is_taken_up(
    vault: Vault, policy: Retention, dies_in: int
) -> None:
    """Killed before, in the middle of, or after any change."""
    unharmed = {each.id for each in vault.points()}
    planned = plan(vault, policy)
    vault.objects.dies_in = dies_in
    with contextlib.suppress(Killed):
        remove(vault, policy)
    assume(vault.objects.is_dead)
    vault.objects.dies_in, vault.objects.is_dead = None, False

    vault.assert_whole()
    left = {each.id for each in vault.points()}
    assert unharmed - set(planned.removed) <= left <= unharmed
    chains_are_whole(vault.records())

    again = plan(vault, policy)
    assert set(again.reasons) <= set(planned.reasons)
    removal = remove(vault, policy)
    assert removal.failures == {}
    assert {each.id for each in vault.points()} == unharmed - set(planned.removed)
    assert vault.ids().isdisjoint(planned.reasons)
    vault.assert_whole()
    assert not plan(vault, policy).reasons
    folders = [vault.folder(each) for each in vault.records() if each.export_arn is not None]
    for key in vault.objects.bodies:  # nothing is left behind of what was removed
        if "AWSDynamoDB/data/" not in key and "AWSDynamoDB/" in key:
            assert any(map(key.startswith, folders)), key


def test_a_chain_is_removed_from_its_end_wherever_the_prune_is_killed() -> None:
    """A complete record stands for everything that it needs, so none may be left beside an expiring one."""
    for dies_in in range(1, 1000):
        vault = Vault()
        vault.chain(TODAY - 9 * DAY, 3)
        newest = vault.full(TODAY - DAY)
        vault.objects.dies_in = dies_in
        with contextlib.suppress(Killed):
            remove(vault)
        if not vault.objects.is_dead:
            break
        vault.objects.dies_in, vault.objects.is_dead = None, False
        vault.assert_whole()
        chains_are_whole(vault.records())
        assert remove(vault).failures == {}
        assert vault.ids() == {newest.id}
    assert dies_in > 20


def chains_are_whole(records: list[Record]) -> None:
    """A complete record stands for its chain: everything that it needs is complete too."""
    states = {each.id: each.state for each in records}
    for each in records:
        if each.state == "complete":
            assert {states.get(need) for need in each.chain.needs} == {"complete"}
