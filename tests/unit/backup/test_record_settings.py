"""What a backup reports of the settings of its table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ddbbackup.backup.record_settings import record_settings, settings_hash, settings_not_read
from ddbbackup.catalog import Catalog, ObservedSetting, locate
from ddbbackup.errors import Unreachable
from tests.support.contexts import run_context
from tests.support.memory import MemoryObjects
from tests.support.memory_cloud import VAULT, MemoryCloud, describe
from tests.support.records import record
from tests.support.virtual_time import VirtualClock, run_virtually


def test_settings_that_no_restore_can_apply_are_reported() -> None:
    """A setting that the endpoint does not support is not one of them."""
    settings = {
        "ttl": ObservedSetting("unknown", reason="denied", message="no"),
        "kinesis": ObservedSetting("unknown", reason="unsupported", message="unknown operation"),
        "pitr": ObservedSetting("absent"),
    }
    assert settings_not_read(settings) == {"settings_not_read": ["ttl (denied)"]}


class FailingObjects(MemoryObjects):
    """Puts of documents about tables fail while ``fails``, as during an outage of S3 or of what issues keys."""

    fails = True

    def put(self, bucket: str, key: str, body: bytes, **members: Any) -> str:
        if self.fails and "/tables/" in key:
            raise Unreachable("S3 does not answer", hint="wait")
        return super().put(bucket, key, body, **members)


def test_an_outage_while_settings_are_recorded_does_not_end_the_backup() -> None:
    """The export runs on in AWS. The settings are kept when the record is completed."""
    cloud, clock = MemoryCloud(), VirtualClock()
    cloud.objects = objects = FailingObjects()
    cloud.tables.add(describe("orders"))
    location = locate(VAULT, cloud.identity, table="orders", plan="prod")
    catalog = Catalog(objects, plan="prod", clock=clock)
    context = run_context(clock, source=cloud, catalog=catalog)
    begun = catalog.create(record(), location)

    stored, settings = run_virtually(record_settings(context, begun), clock)

    assert stored == begun
    assert settings
    objects.fails = False
    sha256 = run_virtually(settings_hash(context, stored, settings), clock)
    kept = replace(stored, record=replace(stored.record, settings=sha256))
    assert catalog.settings(kept) == settings


def test_settings_that_somebody_changed_are_read_again() -> None:
    """A damaged document must not end a backup that could be completed."""
    cloud, clock = MemoryCloud(), VirtualClock()
    cloud.tables.add(describe("orders"))
    location = locate(VAULT, cloud.identity, table="orders", plan="prod")
    catalog = Catalog(cloud.objects, plan="prod", clock=clock)
    context = run_context(clock, source=cloud, catalog=catalog)
    begun = catalog.create(record(), location)
    stored, settings = run_virtually(record_settings(context, begun), clock)
    assert stored.record.settings is not None
    cloud.objects.bodies[location.document_key(stored.record.settings)] = b"{}"

    again, read = run_virtually(record_settings(context, stored), clock)

    assert read == settings
    assert catalog.settings(again) == settings
