"""The records in ``docs/decisions``: each is complete, and the index lists exactly the records that exist."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
RECORDS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
HEAD = re.compile(r"# (?P<number>\d+)\. (?P<title>.+)\n\n- Status: (?P<status>.+)\n- Date: (?P<date>\S+)\n\n")
STATUS = re.compile(r"proposed|accepted|rejected|superseded by (?P<successor>\d+)")
ROW = re.compile(
    r"^\| (?P<number>\d+) \| \[(?P<title>.+)\]\((?P<file>[^)]+)\) \| (?P<status>.+) \| (?P<date>\S+) \|$",
    re.MULTILINE,
)
SECTIONS = ["Context", "Decision", "Measurement", "Consequences"]


def head_of(path: Path) -> dict[str, str]:
    found = HEAD.match(path.read_text(encoding="utf-8"))
    assert found, f"{path.name} does not begin with number, title, status and date"
    return found.groupdict()


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_number_title_status_date_and_every_section(path: Path) -> None:
    """The template of CONTRIBUTING.md."""
    head = head_of(path)
    assert path.name.startswith(f"{int(head['number']):04}-")
    assert STATUS.fullmatch(head["status"])
    assert date.fromisoformat(head["date"]) >= date(2026, 11, 23), "the first commit is of this day"
    parts = re.split(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    titles = parts[1::2]
    assert sorted(titles) == sorted(SECTIONS), "the measurement may come before the decision that it made"
    assert (titles[0], titles[-1]) == (SECTIONS[0], SECTIONS[-1])
    assert all(text.strip() for text in parts[2::2]), "a section without text"


def test_numbers_are_unique_and_without_a_gap() -> None:
    """So that a reference such as “decision 9” leads to one record."""
    assert [int(head_of(path)["number"]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))


def test_a_superseded_record_names_its_successor() -> None:
    """Which exists."""
    numbers = {head_of(path)["number"] for path in RECORDS}
    for path in RECORDS:
        found = STATUS.fullmatch(head_of(path)["status"])
        assert found
        assert found["successor"] is None or found["successor"] in numbers - {head_of(path)["number"]}


def test_the_index_lists_every_record_as_it_is_and_nothing_else() -> None:
    """In the order of their numbers."""
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = [found.groupdict() for found in ROW.finditer(index)]
    assert listed == [{**head_of(path), "file": path.name} for path in RECORDS]
    assert set(re.findall(r"\]\((\d[^)]*)\)", index)) == {path.name for path in RECORDS}


def test_nothing_else_is_in_the_folder() -> None:
    """A draft or a picture would be in no index."""
    assert {path.name for path in FOLDER.iterdir()} == {"README.md", *(path.name for path in RECORDS)}


def test_the_template_for_contributors_is_what_this_test_asks_for() -> None:
    """A record made from it passes."""
    text = (FOLDER.parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    template = re.search(r"```markdown\n(# N\. .*?)```", text, re.DOTALL)
    assert template
    made = template[1].replace("# N.", "# 16.").replace("YYYY-MM-DD", "2026-12-01")
    found = HEAD.match(made)
    assert found
    assert STATUS.fullmatch(found["status"])
    assert re.findall(r"^## (.+)$", made, re.MULTILINE) == SECTIONS
