"""Restores of backups that another account or Region has taken: only if the restore asks for them by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ddbbackup.catalog import Catalog, locate
from ddbbackup.cli.look_ahead import preview_restores
from ddbbackup.model.assessment import AnyAssessment
from ddbbackup.plan.model import AwsSettings, Plan, Restore, Target
from ddbbackup.plan.restore_from import FromLatest, Origin
from ddbbackup.restore.planning import restore_step
from ddbbackup.steps.executor import run_steps
from tests.support.contexts import run_context
from tests.support.memory_cloud import VAULT, MemoryCloud, describe
from tests.support.records import IDENTITY
from tests.support.virtual_time import VirtualClock, run_virtually

IRELAND = replace(IDENTITY, region="eu-west-1")
FRANKFURT = replace(IDENTITY, region="eu-central-1")
STRANGER = replace(IDENTITY, account="210987654321", region="eu-central-1")


@pytest.fixture
def clouds() -> dict[str, MemoryCloud]:
    """Three origins with one bucket and a prefix that all of them share: ``ddb/{table}/``."""
    made = {
        "ireland": MemoryCloud(IRELAND),
        "frankfurt": MemoryCloud(FRANKFURT),
        "stranger": MemoryCloud(STRANGER),
    }
    for cloud in made.values():
        cloud.objects = made["ireland"].objects
    return made


def context(cloud: MemoryCloud, clock: VirtualClock, **members: Any) -> Any:
    catalog = Catalog(cloud.objects, plan="prod", clock=clock)
    plan = Plan("prod", "prod.yaml", AwsSettings(), {"vault": VAULT}, (), {})
    return run_context(clock, plan=plan, source=cloud, catalog=catalog, **members)


def restore(origin: Origin | None = None, **members: Any) -> Restore:
    source = FromLatest(origin)
    defaults: dict[str, Any] = {"target": Target("copy"), "destination": "vault", "method": "write"}
    return Restore("back", "orders", source, **{**defaults, **members})


def look(cloud: MemoryCloud, tmp_path: Path, wanted: Restore) -> AnyAssessment:
    clock = VirtualClock()
    ahead = preview_restores(context(cloud, clock, estimating=True, state_dir=tmp_path), [wanted])
    (assessment,) = run_virtually(ahead, clock).restores
    return assessment


def test_a_backup_of_another_origin_is_not_seen(clouds: dict[str, MemoryCloud], tmp_path: Path) -> None:
    """Although plan, bucket, prefix and table are the same. The hint says how to ask for it."""
    clouds["ireland"].put_backup()
    (blocker, *_) = look(clouds["frankfurt"], tmp_path, restore()).blockers
    assert "no complete backup of orders" in blocker.message
    assert "`--from 123456789012/eu-west-1`" in blocker.error.hint


@pytest.mark.parametrize(
    "origin", [Origin(region="eu-west-1"), Origin("123456789012", "eu-west-1")], ids=("region", "both")
)
def test_a_backup_of_an_origin_that_the_restore_names_is_restored(
    clouds: dict[str, MemoryCloud], tmp_path: Path, origin: Origin
) -> None:
    """What is not named is that of the run. The preview says the origin."""
    taken = clouds["ireland"].put_backup()
    found = look(clouds["frankfurt"], tmp_path, restore(origin))
    assert found.blockers == ()
    assert found.facts["backup"] == taken.id
    assert found.facts["origin"] == "123456789012/eu-west-1"
    assert f"the backup of orders ({origin})" in found.summary


def test_the_own_origin_needs_no_name_and_may_have_one(
    clouds: dict[str, MemoryCloud], tmp_path: Path
) -> None:
    """Then the document says no other origin."""
    clouds["ireland"].put_backup()
    for origin in (None, Origin("123456789012", "eu-west-1")):
        found = look(clouds["ireland"], tmp_path, restore(origin))
        assert found.blockers == ()
        assert "origin" not in found.facts


def test_an_origin_without_backups_is_refused_with_those_that_have_some(
    clouds: dict[str, MemoryCloud], tmp_path: Path
) -> None:
    """Folders with other names, and origins of other tables, are none."""
    clouds["ireland"].put_backup()
    clouds["stranger"].put_backup()
    bodies = clouds["ireland"].objects.bodies
    bodies["ddb/ddbbackup/prod/123456789012/not a region/orders/20261123T140000Z-0badcafe.json"] = b"{}"
    bodies["ddb/ddbbackup/prod/123456789012/us-east-1/payroll/20261123T140000Z-0badcafe.json"] = b"{}"
    bodies["ddb/ddbbackup/prod/123456789012/us-east-2/orders/restores/state.json"] = b"{}"
    (blocker, *_) = look(clouds["ireland"], tmp_path, restore(Origin(region="eu-north-1"))).blockers
    assert "no backups of orders from account 123456789012, region eu-north-1" in blocker.message
    assert blocker.error.hint == (
        "use an origin that has backups of it: account 123456789012, region eu-west-1; "
        "account 210987654321, region eu-central-1"
    )


def test_a_record_that_was_moved_to_another_origin_is_not_accepted(
    clouds: dict[str, MemoryCloud], tmp_path: Path
) -> None:
    """The expected account and Region are those that the restore names, not those that the record says."""
    taken = clouds["ireland"].put_backup()
    place = locate(VAULT, STRANGER, table="orders", plan="prod")
    clouds["ireland"].objects.bodies[place.record_key(taken.id)] = taken.to_json()
    named = restore(Origin("210987654321", "eu-central-1"))
    (blocker, *_) = look(clouds["ireland"], tmp_path, named).blockers
    assert "no backup of orders" in blocker.message
    assert f"can be restored: the record {taken.id} cannot be used: " in blocker.message


def test_a_shared_prefix_brings_in_no_data_of_another_origin(
    clouds: dict[str, MemoryCloud], tmp_path: Path
) -> None:
    """Both exports have the same folder here, as if AWS had given one id twice: the manifest tells them apart."""
    clouds["frankfurt"].put_backup()
    clouds["ireland"].put_backup()
    assert look(clouds["ireland"], tmp_path, restore()).blockers == ()
    (blocker, *_) = look(clouds["frankfurt"], tmp_path, restore()).blockers
    assert "belongs to another export" in blocker.message


def test_a_live_table_is_not_overwritten_by_another_origin_without_consent(
    clouds: dict[str, MemoryCloud], tmp_path: Path
) -> None:
    """It is not the table of the backup, but it is the one of that name."""
    clouds["ireland"].put_backup()
    cloud, clock = clouds["frankfurt"], VirtualClock()
    cloud.tables.add(describe("orders"))
    wanted = restore(Origin(region="eu-west-1"), existing="overwrite", target=Target("orders"))
    found = look(cloud, tmp_path, wanted)
    assert "orders is a live table, and the backup is of region eu-west-1" in found.notes[0]
    step = restore_step(wanted, run="r1", today=clock.now(), confirmed=False)
    (outcome,) = run_virtually(run_steps([step], context(cloud, clock, state_dir=tmp_path)), clock)
    assert outcome.error is not None
    assert "pass --yes" in outcome.error.hint
