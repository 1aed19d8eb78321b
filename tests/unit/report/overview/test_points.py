"""The restore points of a survey, from records that were read, summaries, and the chains that prove them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ddbbackup.catalog import RecordedVerification, StoredRecord
from ddbbackup.report.overview.points import known_points
from ddbbackup.retention.survey import read_table, survey_table
from tests.support.vaults import DAY, HOUR, OK, TODAY, Vault

DAMAGED = RecordedVerification(level="items", at=OK.at, result="damaged")


def test_a_summary_says_the_same_as_the_records() -> None:
    vault = Vault()
    for made in [*vault.chain(TODAY - DAY, 3), vault.full(TODAY - HOUR), vault.snapshot(TODAY - 2 * HOUR)]:
        vault.write(made)
    read = known_points(read_table(vault.catalog, vault.location))
    stored = list(vault.catalog.of_table(vault.location))
    vault.catalog.update_summary(vault.location, [each for each in stored if isinstance(each, StoredRecord)])
    survey = survey_table(vault.catalog, vault.location)
    assert survey.summarized
    assert known_points(survey) == read
    assert [each.kind for each in read] == ["full", "window", "window", "window", "snapshot", "full"]
    assert read[4].reaches - read[4].begins == timedelta(minutes=1)


def test_what_only_the_newest_window_proves_is_known_by_its_id() -> None:
    vault = Vault()
    made = vault.chain(TODAY - DAY, 3)
    points = known_points(survey_table(vault.catalog, vault.location))
    assert [each.id for each in points] == [each.id for each in made]
    assert [each.size_bytes is None for each in points] == [True, True, True, False]


def test_whatever_needs_damaged_data_is_damaged() -> None:
    vault = Vault()
    made = vault.chain(TODAY - DAY, 3)
    vault.write(replace(made[1], verified=DAMAGED))
    points = known_points(read_table(vault.catalog, vault.location))
    assert [each.damaged for each in points] == [False, True, True, True]
