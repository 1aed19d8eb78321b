"""Two hundred tables on a terminal: what `make bench` shows of two thousand, without its times."""

from __future__ import annotations

import pytest

from tests.benchmarks.many_tables import LINES, Glance, chapter, look, targets

TABLES = 200


@pytest.fixture(scope="module")
def status() -> Glance:
    return look(("status",), tables=TABLES)


def test_status_is_a_screenful_with_the_stale_tables_first(status: Glance) -> None:
    """One table in a hundred breaks its RPO: exit code 4."""
    assert (status.exit_code, status.lines <= LINES) == (4, True)
    rows = status.text.splitlines()[1:4]
    assert ["stale" in row for row in rows] == [True, True, False]
    assert "198 ok" in status.text.splitlines()[-1]


@pytest.mark.parametrize("words", [("list", "--last", "3"), ("doctor",)], ids=" ".join)
def test_other_verbs_are_a_screenful_too(words: tuple[str, ...]) -> None:
    glance = look(words, tables=TABLES)
    assert (glance.exit_code, glance.lines <= LINES) == (0, True), glance.text


def test_a_list_that_fills_the_screen_reads_only_the_newest_backup_of_each_table() -> None:
    """Thirty backups of each of two thousand tables would be sixty thousand records. An option asks for all."""
    text = look(("list",), tables=70).text
    assert text.splitlines()[-1].endswith(
        "(70 tables, plan prod; older backups are not counted, -v lists them)"
    )
    assert "70 complete" in text
    assert "2 100 complete" in look(("list", "--sort", "size"), tables=70).text


def test_the_page_has_a_row_for_each_verb(status: Glance) -> None:
    (target,) = targets([status])
    assert target.found.endswith(f", {status.lines} lines, {status.peak_bytes / 1e6:.0f} MB")
    assert f"| `status` | 4 | {status.seconds:.1f} s | 0 s | {status.lines} |" in chapter([status])
