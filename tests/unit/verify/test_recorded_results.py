"""What a record says about its verification after another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Literal, cast

import pytest

from ddbbackup.catalog import RecordedVerification
from ddbbackup.catalog.record import Level
from ddbbackup.errors import DataIncomplete
from ddbbackup.ports import Cloud
from ddbbackup.verify.verify_backup import VerifyBackup, merge
from tests.support.contexts import run_context
from tests.support.records import NOW
from tests.support.vaults import DAY, TODAY, Vault
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
        (("items", "ok"), ("listing", "ok"), True),
    ],
)
def test_damage_is_ended_and_replaced_only_by_a_level_that_would_find_it(
    known: tuple[Level, Result], found: tuple[Level, Result], is_replaced: bool
) -> None:
    """Damage of `listing` in the place of damage of `items` could be ended by a listing."""
    before, after = verified(*known), verified(*found, hours=1)
    assert merge(before, after) == (after if is_replaced else before)


def test_the_first_result_is_recorded() -> None:
    assert merge(None, verified("listing", "damaged")) == verified("listing", "damaged")


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
