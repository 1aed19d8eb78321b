"""What a record says about its verification after another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

import pytest

from ddbbackup.catalog import Catalog, RecordedVerification
from ddbbackup.catalog.record import Level
from ddbbackup.errors import DataIncomplete, ObjectMissing, SnapshotMissing
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.verification_result import VerifiedSample
from ddbbackup.ports import Cloud, Snapshot
from ddbbackup.report.cells import verified_cell
from ddbbackup.steps.context import RunContext
from ddbbackup.verify.record_result import merge
from ddbbackup.verify.verify_backup import VerifyBackup
from ddbbackup.verify.verify_snapshot import VerifySnapshot
from tests.support.contexts import run_context
from tests.support.records import NOW
from tests.support.vaults import DAY, TODAY, MortalObjects, Vault
from tests.support.virtual_time import run_virtually

Result = Literal["ok", "damaged"]


def verified(level: Level, result: Result, hours: int = 0) -> RecordedVerification:
    return RecordedVerification(level=level, at=NOW + timedelta(hours=hours), result=result)


@pytest.mark.parametrize(
    ("known", "found", "is_replaced"),
    [
        (("items", "damaged"), ("listing", "damaged"), False),
        (("items", "damaged"), ("checksums", "damaged"), False),
        (("items", "damaged"), ("checksums", "ok"), False),
        (("items", "damaged"), ("items", "damaged"), True),
        (("items", "damaged"), ("items", "ok"), True),
        (("listing", "damaged"), ("items", "damaged"), True),
        (("listing", "damaged"), ("listing", "ok"), True),
        (("checksums", "damaged"), ("items", "ok"), True),
        (("items", "ok"), ("listing", "damaged"), True),
        (("items", "ok"), ("listing", "ok"), False),
        (("items", "ok"), ("checksums", "ok"), False),
        (("checksums", "ok"), ("checksums", "ok"), True),
        (("checksums", "ok"), ("items", "ok"), True),
    ],
)
def test_what_proves_more_stays_and_damage_counts_at_once(
    known: tuple[Level, Result], found: tuple[Level, Result], is_replaced: bool
) -> None:
    """Damage of `listing` in the place of damage of `items` could be ended by a listing."""
    before, after = verified(*known), verified(*found, hours=1)
    assert merge(before, after) == (after if is_replaced else before)


def test_a_sample_proves_more_than_a_listing_and_less_than_all_checksums() -> None:
    """A check of 5 % of the items made a backup look less proven than it was."""
    listing, checksums = verified("listing", "ok"), verified("checksums", "ok")
    few, many = (replace(listing, sample=VerifiedSample("items", percent)) for percent in (5, 20))
    assert merge(checksums, few) == checksums
    assert merge(few, checksums) == checksums
    assert merge(few, listing) == few
    assert merge(listing, few) == few
    assert merge(few, many) == many
    assert merge(many, few) == many
    assert verified_cell(few.outcome) == f"items:5%@{few.at:%Y-%m-%d}"


def test_the_first_result_is_recorded() -> None:
    assert merge(None, verified("listing", "damaged")) == verified("listing", "damaged")


class TwoFacedObjects(MortalObjects):
    """Answers wrongly, once: what S3 says the first time is not what it says the second time."""

    def __init__(self) -> None:
        super().__init__()
        self.lies = 1

    def stream(self, bucket: str, key: str, *, owner: str | None = None) -> Any:
        if key.endswith("manifest-files.json") and self.lies:
            self.lies -= 1
            raise ObjectMissing("it is not there", hint="-")
        return super().stream(bucket, key, owner=owner)


@pytest.mark.parametrize(("lies", "result"), [(1, "ok"), (2, "damaged")])
def test_one_bad_answer_does_not_ruin_the_record_of_a_good_backup(
    tmp_path: Path, lies: int, result: Result
) -> None:
    vault = Vault()
    objects = TwoFacedObjects()
    objects.bodies, objects.lies = vault.objects.bodies, lies
    vault.catalog = Catalog(objects, plan="prod", clock=vault.clock)
    made = vault.full(TODAY - DAY, files=0, verified=None)
    stored = vault.catalog.find(vault.location, made.id)
    assert stored is not None
    source = cast("Cloud", SimpleNamespace(objects=objects))
    context = run_context(vault.clock, source=source, catalog=vault.catalog, state_dir=tmp_path)
    step = VerifyBackup(stored, level="listing")

    async def verify() -> Outcome:
        return await step.run(context, await step.assess(context))

    if result == "damaged":
        with pytest.raises(DataIncomplete):
            run_virtually(verify(), vault.clock)
    else:
        outcome = run_virtually(verify(), vault.clock)
        assert "passed when it was read again; the first time: " in str(outcome.facts["notes"])
    (now,) = vault.records()
    assert now.verified is not None
    assert (now.verified.level, now.verified.result) == ("listing", result)


def snapshot_of(vault: Vault, **members: Any) -> tuple[VerifySnapshot, RunContext]:
    made = vault.snapshot(TODAY - DAY)
    vault.write(replace(made, **members))
    stored = vault.catalog.find(vault.location, made.id)
    assert stored is not None
    source = cast("Cloud", SimpleNamespace(objects=vault.objects, snapshots=vault.snapshots))
    return VerifySnapshot(stored), run_context(vault.clock, source=source, catalog=vault.catalog)


@pytest.mark.parametrize(("lies", "result"), [(1, None), (2, "damaged")])
def test_a_snapshot_is_recorded_as_missing_if_it_is_missing_twice(lies: int, result: Result | None) -> None:
    vault = Vault()
    step, context = snapshot_of(vault, verified=None)
    describe, answers = vault.snapshots.describe, iter(range(lies))

    def lying(arn: str) -> Snapshot:
        if next(answers, None) is not None:
            raise SnapshotMissing(f"{arn} does not exist", hint="-")
        return describe(arn)

    vault.snapshots.describe = lying  # type: ignore[method-assign]  # answers as told

    async def verify() -> None:
        await step.run(context, await step.assess(context))

    if result is not None:
        with pytest.raises(DataIncomplete):
            run_virtually(verify(), vault.clock)
    else:
        run_virtually(verify(), vault.clock)
    (now,) = vault.records()
    assert (now.verified.result if now.verified else None) == result


def test_a_snapshot_that_is_there_is_no_longer_recorded_as_missing() -> None:
    """It does not count as verified either: only a restore shows what is in it."""
    vault = Vault()
    step, context = snapshot_of(vault, verified=verified("listing", "damaged"))

    async def verify() -> None:
        await step.run(context, await step.assess(context))

    run_virtually(verify(), vault.clock)
    (now,) = vault.records()
    assert now.verified is None


def test_damage_is_recorded_also_if_another_run_records_something_meanwhile(tmp_path: Path) -> None:
    """The other one may have read the objects before they were deleted."""
    vault = Vault()
    made = vault.full(TODAY - DAY)
    stored = vault.catalog.find(vault.location, made.id)
    assert stored is not None
    for key in vault.keys_of(made):
        if "/data/" in key:
            del vault.objects.bodies[key]
    other = replace(made, verified=verified("checksums", "ok"))
    vault.objects.before_put = lambda: vault.write(other)
    source = cast("Cloud", SimpleNamespace(objects=vault.objects))
    context = run_context(vault.clock, source=source, catalog=vault.catalog, state_dir=tmp_path)
    step = VerifyBackup(stored, level="checksums")

    async def verify() -> None:
        await step.run(context, await step.assess(context))

    with pytest.raises(DataIncomplete):
        run_virtually(verify(), vault.clock)
    (now,) = vault.records()
    assert now.verified is not None
    assert now.verified.result == "damaged"
