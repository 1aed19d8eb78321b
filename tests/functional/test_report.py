"""``report`` on the sandbox, and its page in a browser: two widths, light and dark, with and without scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page

from ddbbackup.report.renderers import render
from tests.support.aws import Aws
from tests.support.browser import DESKTOP, PHONE, Viewport, chromium, opened
from tests.support.fault_proxy import FaultProxy, denies
from tests.support.histories import HOSTILE, simulated_overview, simulated_plans
from tests.support.plans import plan
from tests.support.program import Program

TEXTS = "found => found.map(each => each.textContent)"
WIDER = "found => found.filter(each => each.scrollWidth > each.clientWidth).map(each => each.textContent)"


def shown(page: Page) -> list[str]:
    """The names in the list of tables, as far as they are visible."""
    names: list[str] = page.eval_on_selector_all(".t:not([hidden]) .n bdi", TEXTS)
    return names


def test_the_program_writes_a_page_that_a_browser_shows(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """One table is backed up, one is not, and one is in no entry."""
    for table in (f"{name}-a", f"{name}-b", f"{name}-c"):
        sandbox.create_table(table, pitr=True)
    sandbox.put(f"{name}-a", {"id": {"S": "secret-item"}})
    tables = [
        {"name": f"{name}-a", "rpo": "1h", "retention": {"keep_last": 3}},
        {"name": f"{name}-b", "rpo": "1h"},
    ]
    program.plan(plan(sandbox, bucket, tables=tables))
    assert program.run("backup", "--only", f"{name}-a").code == 0

    done = program.run("report")

    assert done.code == 0, done.err
    assert done.err.endswith("wrote ddbbackup-report.html\n")
    assert "1 ok · 1 never" in done.out
    file = program.directory / "ddbbackup-report.html"
    assert "secret-item" not in file.read_text()
    printed = json.loads(program.run("report", "--output", "json").out)
    assert printed["totals"]["tables"] == 2
    assert f"{name}-c" in printed["coverage"][0]["uncovered"]
    assert program.run("report", "-o", "-").out.startswith("<!doctype html>")
    with chromium() as browser, opened(browser, file) as page:
        assert page.page.inner_text(".verdict") == "1 table without a restore point within the RPO"
        assert shown(page.page) == [f"{name}-b", f"{name}-a"]
        coverage = page.page.text_content("[aria-labelledby=coverage]")  # many names are folded
        assert coverage is not None
        assert f"{name}-c" in coverage
        assert (page.requests, page.errors) == ([], [])


def test_a_destination_that_cannot_be_read_is_on_the_page(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """The other one is shown; the exit code is that of the error."""
    sandbox.create_table(name, pitr=True)
    destinations = {"vault": {"bucket": bucket}, "gone": {"bucket": f"{name}-gone"}}
    tables = [{"name": name, "destination": "vault"}]
    tables += [{"name": f"{name}-{n}", "destination": "gone"} for n in (2, 3)]
    program.plan(plan(sandbox, bucket, tables=tables, destinations=destinations))
    assert program.run("backup", "--only", name).code == 0
    done = program.run("report", "--output", "json")
    rows = {row["table"]: row for row in json.loads(done.out)["tables"]}
    assert (rows[name]["status"], rows[f"{name}-2"]["status"]) == ("ok", "unknown")
    assert done.code == json.loads(done.out)["plans"][0]["errors"][0]["exit_code"] != 0
    assert done.err.count("hint: create the bucket") == 1


def test_without_the_right_to_list_tables_the_page_says_so(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """It is the only right that nothing else on the page needs."""
    sandbox.create_table(name, pitr=True)
    program.plan(plan(sandbox, bucket, tables=[{"name": name}]))
    assert program.run("backup").code == 0
    with FaultProxy(sandbox.url, denies("ListTables")) as proxy:
        urls = {**sandbox.endpoint_urls, "dynamodb": proxy.url}
        program.plan(plan(sandbox, bucket, {"endpoint_urls": urls}, tables=[{"name": name}]))
        done = program.run("report", "--output", "json", "--output", "html=page.html")
    assert (done.code, done.report["totals"]["ok"]) == (0, 1), done.err
    page = (program.directory / "page.html").read_text()
    assert "The tables of the account could not be compared with the plan: " in page
    assert "dynamodb:ListTables" in page


def test_a_pattern_makes_one_page_of_several_plans(
    sandbox: Aws, bucket: str, name: str, program: Program
) -> None:
    """A table that one plan selects is covered. What is wrong with one plan does not hide the others."""
    for table in (f"{name}-a", f"{name}-b", f"{name}-c"):
        sandbox.create_table(table, pitr=True)
    files = program.directory / "plans"
    files.mkdir()
    for letter in "ab":
        tables = [{"name": f"{name}-{letter}", "rpo": "1h"}]
        (files / f"{letter}.yaml").write_text(plan(sandbox, bucket, name=f"plan-{letter}", tables=tables))
    assert program.run("backup", "-f", "plans/a.yaml").code == 0

    done = program.run("report", "-f", "plans/*.yaml", "--output", "json", "--output", "html=page.html")

    document = done.report
    assert (done.code, document["exit_code"]) == (0, 0), done.err
    assert [(each["plan"], each["files"]) for each in document["plans"]] == [
        ("plan-a", ["plans/a.yaml"]),
        ("plan-b", ["plans/b.yaml"]),
    ]
    rows = [(each["plan"], each["table"], each["status"]) for each in document["tables"]]
    assert rows == [("plan-b", f"{name}-b", "never"), ("plan-a", f"{name}-a", "ok")]
    (coverage,) = document["coverage"]
    assert f"{name}-c" in coverage["uncovered"]
    assert not {f"{name}-a", f"{name}-b"} & set(coverage["uncovered"])

    one = program.run("report", "-f", "plans/*.yaml", "--only", f"{name}-a", "--output", "json").report
    assert [each["plan"] for each in one["plans"]] == ["plan-a"]
    none = program.run("report", "-f", "plans/*.yaml", "--only", f"{name}-x")
    assert none.code == 5

    (files / "c.yaml").write_text("version: 1\n")
    broken = program.run("report", "-f", "plans/*.yaml")
    assert broken.code == 78
    assert "ddbbackup: the plan plans/c.yaml has " in broken.err
    assert "`ddbbackup validate -f plans/c.yaml`" in broken.err
    assert "1 ok · 1 never" in broken.out
    assert "plans/c.yaml: the plan" not in broken.out, "its name is said once"
    with chromium() as browser, opened(browser, program.directory / "ddbbackup-report.html") as page:
        assert page.page.inner_text(".verdict") == (
            "1 table without a restore point within the RPO and 1 plan that could not be read"
        )
        assert page.page.locator(".plans tbody tr").count() == 3
        assert (page.requests, page.errors) == ([], [])


def test_a_plan_that_is_invalid_leaves_no_old_page(program: Program) -> None:
    """A page of yesterday would look like one of today."""
    program.plan("version: 1\nname: p\ntabels: []\n")
    (program.directory / "ddbbackup-report.html").write_text("yesterday")
    assert program.run("report").code == 78
    page = (program.directory / "ddbbackup-report.html").read_text()
    assert "The report could not be made" in page
    assert "tabels" in page


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_page_at_two_widths_in_light_and_dark(tmp_path: Path, viewport: Viewport) -> None:
    """With hostile names. Nothing keeps people from using it, nothing is loaded, nothing runs."""
    file = tmp_path / "page.html"
    file.write_text(render(simulated_overview(0, names=[*HOSTILE, *map("t{:02}".format, range(20))]), "html"))
    with chromium() as browser:
        for dark in (False, True):
            with opened(browser, file, viewport, dark=dark) as page:
                page.page.on("dialog", lambda dialog: page.errors.append(dialog.message))
                assert not page.is_wider_than_the_screen
                page.page.click(".t summary >> nth=3")
                assert page.serious_findings() == []
                assert not page.is_wider_than_the_screen
                assert page.page.eval_on_selector_all(".problem, .card, .tiles div", WIDER) == []
                assert (page.requests, page.errors) == ([], [])


def test_the_page_in_print(tmp_path: Path) -> None:
    """Every table is there; what nobody can click on paper is not."""
    file = tmp_path / "page.html"
    file.write_text(render(simulated_overview(60), "html"))
    with chromium() as browser, opened(browser, file) as opened_page:
        page = opened_page.page
        assert page.pdf(format="A4").startswith(b"%PDF-")
        page.emulate_media(media="print")
        assert not page.locator("#tools").is_visible()
        assert not page.locator(".heads").is_visible()
        names = page.locator(".t .n bdi")
        assert names.count() == len(shown(page)) > 60
        assert all(names.nth(number).is_visible() for number in range(names.count()))
        assert page.eval_on_selector_all(".problem, .card, .tiles div", WIDER) == []


def test_search_sort_and_open(tmp_path: Path) -> None:
    """By clicks and keys; a link of a problem opens the row of its table."""
    file = tmp_path / "page.html"
    file.write_text(render(simulated_overview(40), "html"))
    with chromium() as browser, opened(browser, file) as opened_page:
        page = opened_page.page
        every = shown(page)
        page.fill("#search", "ORDERS")
        assert shown(page) == [each for each in every if "orders" in each]
        assert page.inner_text("#shown") == f"{len(shown(page))} of {len(every)} shown"
        page.fill("#search", "never")
        assert set(shown(page)) == set(page.eval_on_selector_all(".t:has(.s.never) .n bdi", TEXTS))
        page.fill("#search", "")
        page.check("#problems-only")
        assert 0 < len(shown(page)) < len(every)
        page.uncheck("#problems-only")
        page.click(".heads button:text('Table')")
        assert shown(page) == sorted(every)
        page.click(".heads button:text('Table')")
        assert shown(page) == sorted(every, reverse=True)
        page.click(".problem a >> nth=0")
        opened_row = page.locator(".t[open] .n bdi")
        assert opened_row.inner_text() == page.inner_text(".problem a >> nth=0")
        assert page.locator(".t[open] .line").count() + page.locator(".t[open] .facts").count() > 0
        assert opened_page.errors == []


def test_the_tables_of_one_of_several_plans(tmp_path: Path) -> None:
    """Chosen from a list, found by name, and together with search and sorting. Both plans have the same tables."""
    file = tmp_path / "page.html"
    file.write_text(render(simulated_plans(20), "html"))
    with chromium() as browser, opened(browser, file) as opened_page:
        page = opened_page.page
        every = shown(page)
        assert len(every) == 2 * 21
        page.select_option("#plan", "prod-us")
        chosen = shown(page)
        assert len(chosen) == 21
        assert set(page.eval_on_selector_all(".t:not([hidden]) .plan", TEXTS)) == {"prod-us"}
        page.check("#problems-only")
        assert 0 < len(shown(page)) < 21
        page.uncheck("#problems-only")
        page.click(".heads button:text('Table')")
        assert shown(page) == sorted(chosen)
        page.fill("#search", "orders stale")
        assert shown(page) == []
        page.fill("#search", "customers")
        assert shown(page) == ["customers"]
        page.select_option("#plan", "")
        assert shown(page) == ["customers", "customers"]
        page.fill("#search", "prod-eu customers")
        assert page.eval_on_selector_all(".t:not([hidden]) .plan", TEXTS) == ["prod-eu"]
        page.fill("#search", "")
        page.click(".problem a >> nth=0")
        page.wait_for_selector(".t[open]")  # the page hears of the new fragment a moment later
        assert page.locator(".t[open]").count() == 1
        assert opened_page.serious_findings() == []
        assert opened_page.errors == []


def test_several_plans_on_a_phone(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(render(simulated_plans(20), "html"))
    with chromium() as browser, opened(browser, file, PHONE, dark=True) as page:
        assert not page.is_wider_than_the_screen
        assert page.serious_findings() == []


def test_the_page_works_without_scripts(tmp_path: Path) -> None:
    """Rows open; what needs scripts is not offered."""
    file = tmp_path / "page.html"
    file.write_text(render(simulated_overview(20), "html"))
    with chromium() as browser, opened(browser, file, scripts=False) as opened_page:
        page = opened_page.page
        page.click(".t summary >> nth=0")
        assert page.locator(".t[open] .facts").is_visible()
        assert not page.locator("#tools").is_visible()
        assert page.locator(".heads button:disabled").count() == page.locator(".heads button").count()
