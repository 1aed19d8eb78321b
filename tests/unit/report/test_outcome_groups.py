"""Failures of many tables for the same reason are said once; those of one table among many are never hidden."""

from __future__ import annotations

from dataclasses import replace

from ddbbackup.errors import TimedOut, Unreachable
from ddbbackup.model.outcome import Outcome
from ddbbackup.notify.body import body
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.report.outcome_groups import failed, running
from ddbbackup.report.renderers import github, junit, markdown, text
from ddbbackup.report.renderers.markdown_text import SHORTENED
from ddbbackup.report.renderers.view import View
from tests.support.outcomes import START, ok, pitr_off, report_of

TERMINAL = View(width=100, lines=40)


def still_running(table: str, number: int) -> Outcome:
    arn = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table}/export/0179{number:010d}-0badcafe"
    error = TimedOut(f"the export {arn} is still running", hint="run `ddbbackup wait` later")
    return Outcome(f"backup {table}", "backup", table, "failed", error=error)


def test_one_reason_is_said_once_with_the_number_and_some_names() -> None:
    """Names of tables and IDs do not make another reason."""
    report = report_of([*map(pitr_off, [f"t{n}" for n in range(40)]), ok("t40")])
    (group,) = failed(report)
    assert len(group.outcomes) == 40
    assert text.render(report, TERMINAL) == (
        "FAILED  backup of 40 tables: t0, t1, t2 and 37 more\n"
        "  point-in-time recovery of t0 is off\n"
        "  hint: enable it, or set `pitr: enable` for t0\n"
        "\n"
        "backup prod: 40 failed, 1 ok in 1m 15s (run 4711, account 123456789012, region eu-west-1)\n"
        "\n"
        "ok        t40  5 items, 99 B, 3.0s\n"
    )
    assert github.render(report).count("::error ") == 1
    (group,) = running(report_of(still_running(f"t{n}", n) for n in range(40)))
    assert group.title(all_names=False) == "backup of 40 tables: t0, t1, t2 and 37 more"


def test_a_table_whose_name_is_part_of_another_has_the_same_reason() -> None:
    """``orders`` within ``orders-archive`` is not the name ``orders``."""
    assert len(failed(report_of(map(pitr_off, ["orders", "orders-archive", "old-orders"])))) == 1


def test_different_reasons_stay_apart() -> None:
    """Each with its hint."""
    gone = Outcome(
        "backup b", "backup", "b", "failed", error=Unreachable("no answer", hint="check the network")
    )
    shown = text.render(report_of([pitr_off("a"), gone, pitr_off("c")]), TERMINAL)
    assert shown.startswith("FAILED  backup of 2 tables: a, c\n")
    assert "FAILED  backup b\n  no answer\n  hint: check the network\n" in shown


def test_a_terminal_shows_200_good_tables_as_a_number() -> None:
    """Files have them all, and -v, too."""
    report = report_of([*(ok(f"t{n}") for n in range(199)), pitr_off("last")])
    shown = text.render(report, TERMINAL)
    assert len(shown.splitlines()) == 8
    assert shown.startswith("FAILED  backup last\n")
    assert shown.endswith("\n199 tables without remarks: `-v` lists them\n")
    for everything in (View(), View(width=100, lines=40, detail="verbose")):
        assert text.render(report, everything).count("\nok  ") == 199


def test_a_run_without_success_has_no_count_of_it() -> None:
    """Also where the reasons alone are more than a screenful."""
    view = View(width=100, lines=24)
    gone = [
        Outcome(f"backup t{n}", "backup", f"t{n}", "failed", error=Unreachable(f"reason {n}", hint="-"))
        for n in range(30)
    ]
    assert text.render(report_of(gone), view).endswith("(run 4711, account 123456789012, region eu-west-1)\n")
    noted = Outcome("backup n", "backup", "n", "done", {"notes": ("slow",)}, seconds=1)
    assert "0 " not in text.render(report_of([*gone, noted]), view).rpartition("\n\n")[2].replace("1.0s", "")


def test_sums_without_some_numbers_are_said_to_be_the_least() -> None:
    """An on-demand backup has no number of items."""
    snapshot = Outcome("backup s", "backup", "s", "done", {"items": None, "size_bytes": None}, seconds=1)
    assert "  together 10 items, 198 B\n" in text.render(report_of([ok("a"), ok("b")]))
    shown = text.render(report_of([ok("a"), ok("b"), snapshot]))
    assert "  together at least 10 items, at least 198 B\n" in shown
    assert "together" not in text.render(report_of([snapshot, replace(snapshot, table="t")]))


def test_a_remark_is_not_counted_away() -> None:
    """A setting that could not be read is worth a look, although its backup is whole."""
    noted = Outcome("backup n", "backup", "n", "done", {"settings_not_read": ("tags",)}, seconds=1)
    shown = text.render(report_of([*(ok(f"t{n}") for n in range(199)), noted]), TERMINAL)
    assert "ok        n  settings not read: tags, 1.0s\n" in shown
    assert shown.endswith("199 others without remarks: `-v` lists them\n")


def test_facts_are_dropped_one_by_one_and_an_id_stays_whole() -> None:
    """On a narrow terminal."""
    facts = {"backup": "20261125T030000Z-0badcafe", "items": 1200, "size_bytes": 4096}
    report = report_of([Outcome("backup orders", "backup", "orders", "done", facts, seconds=3)])
    last = text.render(report, View(width=60, lines=40)).splitlines()[-1]
    assert last == "ok        orders  backup 20261125T030000Z-0badcafe"
    assert "1 200 items" in text.render(report, View(width=80, lines=40))


def test_slack_holds_the_failure_of_one_table_among_200() -> None:
    """And of 200 that fail for different reasons as many as fit, in whole lines."""
    one = report_of([*(ok(f"table-{n:03}") for n in range(199)), pitr_off("last")])
    all_differ = report_of(
        Outcome(f"backup t{n}", "backup", f"t{n}", "failed", error=Unreachable(f"reason {'x' * n}", hint="h"))
        for n in range(200)
    )
    for report, last_line in ((one, "199 tables without remarks"), (all_differ, "more lines")):
        document = RunNotification(
            "prod", "backup", "4711", None, None, START, START, 3, ("partial",), "headline", report, None, ()
        )
        shown = body(document, 2700, size=len)
        assert shown.startswith("FAILED  backup ")
        assert len(shown) <= 2700
        assert last_line in shown.splitlines()[-1]
    assert "point-in-time recovery of last is off" in body(
        RunNotification("p", "backup", "1", None, None, START, START, 3, (), "h", one, None, ()),
        2700,
        size=len,
    )


def test_markdown_of_thousands_of_tables_fits_a_comment() -> None:
    """What failed is whole, and the collapsed table is closed; a job summary has more room."""
    report = report_of([*(ok(f"shop-{n:04}") for n in range(3000)), pitr_off("orders")])
    comment = markdown.render(report)
    assert 60_000 < len(comment) <= 64_000
    assert comment.index("**FAILED** backup orders") < 200
    assert comment.count("<details>") == comment.count("</details>") == 1
    assert comment.endswith(f"> {SHORTENED}\n")
    assert markdown.render(report, 1_000_000).count("`shop-") == 3000


def test_the_reason_of_thousands_of_failures_is_in_the_comment() -> None:
    """Some of the names are enough."""
    comment = markdown.render(report_of([pitr_off(f"shop-{n:05}") for n in range(9000)]))
    assert "backup of 9 000 tables: shop-00000, shop-00001, shop-00002 and 8 997 more" in comment
    assert len(comment) < 1000


def test_junit_and_markdown_begin_with_what_failed() -> None:
    """Whatever its place in the plan."""
    report = report_of([*(ok(f"t{n}") for n in range(199)), pitr_off("last")])
    assert junit.render(report).index('name="last"') < junit.render(report).index('name="t0"')
    comment = markdown.render(report)
    assert (
        comment.index("**FAILED** backup last  \n  point")
        < comment.index("<details>")
        < comment.index("`t0`")
    )
