"""A folder that holds no record is no table with backups: nothing says that it was deleted."""

from __future__ import annotations

from ddbbackup.catalog import BadRecord, locate
from ddbbackup.errors import Refused
from ddbbackup.plan.model import Destination, TableEntry
from ddbbackup.report.overview.build import ObservedTable
from ddbbackup.retention.survey import Survey
from tests.support.documents import ERROR, IDENTITY

PLACE = locate(Destination("vault", "acme-vault"), IDENTITY, table="orders-restored", plan="prod")


def test_a_folder_without_records_is_left_out() -> None:
    assert not ObservedTable(PLACE, survey=Survey(PLACE), exists=False).is_known


def test_a_table_of_the_plan_and_what_could_not_be_read_stay() -> None:
    bad = BadRecord(PLACE, PLACE.record_key("x"), Refused("no", hint="look"))
    assert ObservedTable(PLACE, entry=TableEntry(0, "vault", name="orders"), survey=Survey(PLACE)).is_known
    assert ObservedTable(PLACE, error=ERROR).is_known
    assert ObservedTable(PLACE, survey=Survey(PLACE, bad=[bad])).is_known
