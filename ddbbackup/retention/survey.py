"""What the catalog holds of one table, from few reads: a listing, and the summary of its records.

What the summary does not know is read. A complete backup names everything that it needs, and was made when all of
that was complete. So the record of the newest window stands for its whole chain, which may have hundreds of records.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from ddbbackup.catalog import BadRecord, Catalog, Location, RestorePoint, StoredRecord
from ddbbackup.catalog.restore_points import Unrestorable, judge
from ddbbackup.catalog.summary import SummarizedRecord, needs_of
from ddbbackup.plan.model import Retention
from ddbbackup.retention.policy import Chain, Verdict, chains_of, decide

READS_AT_ONCE: Final = 64


@dataclass(slots=True)
class Survey:
    """The backups of one table. ``chains`` are of restore points; ``records`` are those that were read,
    ``summarized`` those that the summary knows as they are now.

    ``unrestorable`` are complete backups that cannot be restored, and why: retention leaves them alone.
    """

    location: Location
    chains: list[Chain] = field(default_factory=list)
    records: dict[str, StoredRecord] = field(default_factory=dict)
    summarized: dict[str, SummarizedRecord] = field(default_factory=dict)
    unrestorable: list[Unrestorable] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)

    def in_state(self, *states: str) -> list[StoredRecord]:
        return [each for each in self.records.values() if each.record.state in states]

    def size_bytes(self, backup_id: str) -> int | None:
        """None if nothing of the backup is known."""
        if backup_id in self.records:
            return self.records[backup_id].record.data.size_bytes or 0
        found = self.summarized.get(backup_id)
        return found.size_bytes if found is not None else None


def survey_table(catalog: Catalog, location: Location, *, reads_at_once: int = 1) -> Survey:
    """Reads the newest records first, and only those that no other stands for. Blocks."""
    survey = Survey(location)
    with ThreadPoolExecutor(reads_at_once, thread_name_prefix="retention") as pool:
        known = catalog.known_records(location)
        survey.summarized.update((each, found) for each, found in known.items() if found is not None)
        waiting = list(known)  # the newest last
        present, proven = frozenset(waiting), set[str]()
        count = 1
        while waiting:
            batch: list[str] = []
            while waiting and len(batch) < count:
                backup_id = waiting.pop()
                if backup_id in proven:
                    continue
                if (needs := needs_of(backup_id, survey.summarized)) is None:
                    batch.append(backup_id)
                else:
                    survey.chains.append(needs)
                    proven.update(needs)
            alone = True
            for found in _read_each(pool, catalog, location, batch):
                alone &= _add(survey, found, present, proven)
            count = min(reads_at_once, count * 2) if alone else 1
    _leave_out_broken(survey)
    return survey


def read_table(catalog: Catalog, location: Location, *, reads_at_once: int = READS_AT_ONCE) -> Survey:
    """Reads every record, and so proves what ``survey_table`` concludes. Blocks."""
    survey = Survey(location)
    ids = [_id_of(key) for key in catalog.record_keys(location)]
    with ThreadPoolExecutor(reads_at_once, thread_name_prefix="retention") as pool:
        for found in _read_each(pool, catalog, location, ids):
            if isinstance(found, BadRecord):
                survey.bad.append(found)
            else:
                survey.records[found.record.id] = found
    judged = judge(each.record for each in survey.records.values())
    survey.chains.extend(chains_of(each for each in judged if isinstance(each, RestorePoint)))
    survey.unrestorable.extend(each for each in judged if isinstance(each, Unrestorable))
    return survey


def apply_policy(
    survey: Survey, policy: Retention, read: Callable[[str], StoredRecord | BadRecord]
) -> Verdict:
    """``read`` returns the record of a backup that the survey has not read."""

    def is_verified(backup_id: str) -> bool:
        if backup_id in survey.summarized:
            return survey.summarized[backup_id].verified == "ok"
        if backup_id not in survey.records:
            found = read(backup_id)
            if isinstance(found, BadRecord):
                return False
            survey.records[backup_id] = found
        record = survey.records[backup_id].record
        verified = record.verified
        return record.state == "complete" and verified is not None and verified.result == "ok"

    return decide(survey.chains, policy, is_verified, in_use=_in_use(survey))


def _read_each(
    pool: ThreadPoolExecutor, catalog: Catalog, location: Location, ids: Sequence[str]
) -> list[StoredRecord | BadRecord]:
    def read(backup_id: str) -> StoredRecord | BadRecord:
        return catalog.read(location, location.record_key(backup_id))

    return list(pool.map(read, ids)) if len(ids) > 1 else [read(each) for each in ids]


def _add(survey: Survey, found: StoredRecord | BadRecord, present: Collection[str], proven: set[str]) -> bool:
    """Adds a record and what it proves. Returns whether it stands for no other."""
    if isinstance(found, BadRecord):
        survey.bad.append(found)
        return True
    record, needs = found.record, found.record.chain.needs
    survey.records[record.id] = found
    if record.state != "complete" or record.id in proven:
        return True
    missing = next((each for each in needs if each not in present), None)
    if missing is not None:
        survey.unrestorable.append(Unrestorable(record.id, missing, "it does not exist"))
        return True
    survey.chains.append(needs)
    proven.update(needs)
    return len(needs) == 1


def _leave_out_broken(survey: Survey) -> None:
    """A record that was read for another reason may show that a chain is not what its newest record says."""
    broken = {each.id for each in survey.bad}
    broken |= {each for each, stored in survey.records.items() if stored.record.state != "complete"}
    for chain in [each for each in survey.chains if not broken.isdisjoint(each)]:
        survey.chains.remove(chain)
        needed = next(each for each in chain if each in broken)
        survey.unrestorable.append(Unrestorable(chain[-1], needed, "it is not complete"))


def _in_use(survey: Survey) -> dict[str, str]:
    """Restore points that no policy may remove, besides the one with the newest ID."""
    points = {each for chain in survey.chains for each in chain}
    used: dict[str, str] = {}
    for stored in survey.in_state("in_progress"):
        needs = stored.record.chain.needs[:-1]
        last = next((each for each in reversed(needs) if each in points), None)
        if last is not None:
            used[last] = f"{stored.record.id}, which is in progress, needs it"
    times = [
        (int(stored.record.time.timestamp()), backup_id)  # the unit of IDs
        for backup_id, stored in survey.records.items()
        if backup_id in points and stored.record.time is not None
    ]
    times += [(found.reaches, each) for each, found in survey.summarized.items() if each in points]
    if times and max(times)[1] != max(points):
        used.setdefault(max(times)[1], "its data is the newest")
    return used


def _id_of(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".json")
