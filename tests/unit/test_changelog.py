"""``CHANGELOG.md`` keeps the form that its first lines promise: versions, newest first, with changes by kind."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import ddbbackup

TEXT = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
RELEASE = re.compile(r"(?P<version>\d+\.\d+\.\d+) - (?P<date>\d{4}-\d\d-\d\d)")


def test_versions_are_dated_and_newest_first() -> None:
    """Unreleased comes before them all."""
    first, *releases = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    assert first == "Unreleased"
    found = [RELEASE.fullmatch(title) for title in releases]
    assert all(found)
    versions = [tuple(map(int, each["version"].split("."))) for each in found if each]
    assert versions == sorted(set(versions), reverse=True)
    assert [date.fromisoformat(each["date"]) for each in found if each] == sorted(
        (date.fromisoformat(each["date"]) for each in found if each), reverse=True
    )


def test_changes_are_listed_by_kind() -> None:
    """No kind is made up, and none comes twice under one version."""
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.+)$", section, re.MULTILINE)
        assert set(kinds) <= KINDS
        assert len(kinds) == len(set(kinds))
        assert kinds or not re.search(r"^- ", section, re.MULTILINE), "a change without a kind"


def test_a_released_version_of_the_package_has_its_section() -> None:
    """Once there is a release, the version in the package is the newest one listed."""
    releases = [found["version"] for found in RELEASE.finditer(TEXT)]
    assert releases == [] or releases[0] == ddbbackup.__version__
