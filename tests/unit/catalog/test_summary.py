"""What is known of records without reading them: only what a listing confirms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ddbbackup.catalog import Catalog, Record, RecordedVerification, StoredRecord, derive_client_token
from ddbbackup.catalog.find_point import FoundPoint, NewestChain, newest_chain, open_point, problem_of
from ddbbackup.catalog.summary import SummarizedRecord, needs_of, parse_summary, write_summary
from ddbbackup.errors import DataIncomplete, Unreachable
from tests.support.records import instant
from tests.support.vaults import DAY, HOUR, OK, TODAY, Vault

DAMAGED = RecordedVerification(level="items", at=OK.at + timedelta(minutes=1), result="damaged")


def row(backup_id: str, previous: str | None = None) -> SummarizedRecord:
    return SummarizedRecord(backup_id, '"e"', previous, "0" * 8, 0, 0, 1, "ok", "full", 1)


def stored(vault: Vault) -> list[StoredRecord]:
    return [each for each in vault.catalog.of_table(vault.location) if isinstance(each, StoredRecord)]


def known(vault: Vault) -> set[str]:
    return {each for each, found in vault.catalog.known_records(vault.location).items() if found is not None}


def test_a_summary_is_read_as_it_was_written() -> None:
    first, second = "20261123T140000Z-0000000a", "20261124T140000Z-0000000b"
    summary = {first: row(first), second: row(second, first)}
    assert parse_summary(write_summary(summary)) == summary


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"summary_version":2,"records":[]}', b'{"summary_version":1,"records":[["a"]]}']
)
def test_another_document_is_refused(body: bytes) -> None:
    with pytest.raises(DataIncomplete):
        parse_summary(body)


def test_what_a_backup_needs_is_known_if_all_of_it_is() -> None:
    chain = {"a": row("a"), "b": row("b", "a"), "c": row("c", "b")}
    assert needs_of("c", chain) == ("a", "b", "c")
    assert needs_of("a", chain) == ("a",)
    assert needs_of("d", chain) is None
    assert needs_of("c", {each: chain[each] for each in "ac"}) is None


def test_a_chain_that_goes_round_in_a_circle_is_not_known() -> None:
    assert needs_of("b", {"a": row("a", "b"), "b": row("b", "a")}) is None
    assert needs_of("a", {"a": row("a", "a")}) is None


def test_a_complete_record_is_known_from_the_update_that_completed_it() -> None:
    """A running one is not: it changes again."""
    vault = Vault()
    running = vault.unfinished(
        TODAY - DAY, "in_progress", covers=instant(TODAY - DAY), completed_at=None, verified=None
    )
    failing = vault.unfinished(TODAY - HOUR, "in_progress", completed_at=None, verified=None)
    at = {each.record.id: each for each in stored(vault)}
    vault.catalog.update(at[failing.id], replace(failing, state="failed"))
    vault.catalog.update(at[running.id], replace(running, state="complete", completed_at=TODAY))
    assert known(vault) == {running.id}


def test_a_record_that_changed_after_it_was_summarized_is_not_known() -> None:
    vault = Vault()
    old, new = vault.full(TODAY - 2 * DAY), vault.full(TODAY - DAY)
    vault.catalog.update_summary(vault.location, stored(vault))
    assert known(vault) == {old.id, new.id}
    vault.write(replace(old, verified=None))
    assert known(vault) == {new.id}


def test_two_processes_that_add_a_record_at_the_same_time_both_succeed() -> None:
    vault = Vault()
    vault.full(TODAY - 2 * DAY)
    vault.full(TODAY - DAY)
    new, old = stored(vault)
    other = Catalog(vault.objects, plan="prod", clock=vault.clock)
    vault.objects.before_put = lambda: other.update_summary(vault.location, (old,))
    vault.catalog.update_summary(vault.location, (new,))
    assert known(vault) == {old.record.id, new.record.id}


def test_a_damaged_summary_is_replaced_and_says_nothing_until_then() -> None:
    vault = Vault()
    made = vault.full(TODAY - DAY)
    vault.objects.bodies[vault.location.summary_key] = b"{"
    assert known(vault) == set()
    vault.catalog.update_summary(vault.location, stored(vault))
    assert known(vault) == {made.id}


def test_a_summary_that_cannot_be_written_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault()
    made = vault.full(TODAY - DAY)
    (before,) = stored(vault)
    put = vault.objects.put

    def fail(bucket: str, key: str, body: bytes, **members: object) -> str:
        if key == vault.location.summary_key:
            raise Unreachable("S3 does not answer", hint="-")
        return put(bucket, key, body, **members)

    monkeypatch.setattr(vault.objects, "put", fail)
    after = vault.catalog.update(before, replace(made, verified=None))
    assert (after.record.verified, known(vault)) == (None, set())


# ---- whether a chain can be restored


def _cut(made: Record) -> Record:
    """A window begins after the end of what it follows, or the base ends before what follows it."""
    assert made.covers is not None
    covers, minute = made.covers, timedelta(minutes=1)
    if covers.kind == "window":
        return replace(made, covers=replace(covers, start=covers.start + minute))
    return replace(made, covers=replace(covers, start=covers.start - minute, end=covers.end - minute))


def _of_another_table(made: Record) -> Record:
    """Of the same name; it was deleted and created again."""
    assert made.export is not None
    token = derive_client_token(
        plan=made.plan, table_arn=made.table.arn, table_id="another", run=made.run, attempt=made.attempt
    )
    return replace(
        made,
        table=replace(made.table, id="another"),
        export=replace(made.export, client_token=token),
    )


def _of_another_chain(made: Record) -> Record:
    """The backup before it, or the base that it follows, is another."""
    *before, own = made.chain.needs
    if not before:
        return replace(made, state="not_whole")
    needs = (*before[:-1], f"{before[-1][:-8]}ffffffff", own)
    return replace(made, chain=replace(made.chain, base=needs[0], previous=needs[-2], needs=needs))


SPOILED: dict[str, Callable[[Record], Record]] = {
    "not complete": lambda made: replace(made, state="not_whole"),
    "damaged": lambda made: replace(made, verified=DAMAGED),
    "of another table": _of_another_table,
    "cut": _cut,
    "of another chain": _of_another_chain,
}


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_summary_never_hides_what_is_wrong_with_a_chain(
    number: int, spoil: Callable[[Record], Record]
) -> None:
    """The records say what it is, whether they were summarized before it, or after."""
    vault = Vault()
    made = vault.chain(TODAY - DAY, 3)
    vault.catalog.update_summary(vault.location, stored(vault))
    spoiled = spoil(made[number])
    vault.write(spoiled)
    for _ in ("before", "after"):
        for last in stored(vault):
            if last.record.state != "complete":
                continue
            found = open_point(vault.catalog, last)
            expected = found.point.damage if isinstance(found, FoundPoint) else found
            assert problem_of(vault.catalog, last) == expected
        vault.catalog.update_summary(vault.location, stored(vault))


def test_the_records_of_a_spoiled_chain_are_found_wanting() -> None:
    """Each way to spoil one does, so that the test before this one compares something."""
    for spoil in SPOILED.values():
        vault = Vault()
        made = vault.chain(TODAY - DAY, 3)
        vault.write(spoil(made[1]))
        assert len(stored(vault)) == len(made)  # it is accepted
        assert problem_of(vault.catalog, stored(vault)[0]) is not None


# ---- the chain of the next window


def test_the_next_window_reads_few_records_of_a_long_chain() -> None:
    vault = Vault()
    made = vault.chain(TODAY - 20 * DAY, 300)
    vault.catalog.update_summary(vault.location, stored(vault))
    vault.objects.reads.clear()
    chain = newest_chain(vault.catalog, vault.location)
    assert isinstance(chain, NewestChain)
    assert (chain.last, chain.base) == (made[-1], made[0])
    assert len(vault.objects.reads) == 3  # the newest record, the summary, the base


@pytest.mark.parametrize("number", [0, 2, 3])
@pytest.mark.parametrize("summarized_again", [False, True])
def test_no_window_follows_a_chain_in_which_one_was_found_damaged(
    number: int, summarized_again: bool
) -> None:
    vault = Vault()
    made = vault.chain(TODAY - DAY, 3)
    vault.catalog.update_summary(vault.location, stored(vault))
    vault.write(replace(made[number], verified=DAMAGED))
    if summarized_again:
        vault.catalog.update_summary(vault.location, stored(vault))
    chain = newest_chain(vault.catalog, vault.location)
    assert isinstance(chain, NewestChain)
    assert chain.base is None


@pytest.mark.parametrize("number", [0, 1])
def test_no_window_follows_a_chain_with_a_missing_backup(number: int) -> None:
    vault = Vault()
    made = vault.chain(TODAY - DAY, 3)
    vault.catalog.update_summary(vault.location, stored(vault))
    del vault.objects.bodies[vault.location.record_key(made[number].id)]
    chain = newest_chain(vault.catalog, vault.location)
    assert isinstance(chain, NewestChain)
    assert chain.base is None
