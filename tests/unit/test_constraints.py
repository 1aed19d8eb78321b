"""``constraints.txt``, which CI installs by: exact versions of everything that ``pyproject.toml`` asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parents[2]
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[0-9][A-Za-z0-9.+!]*)")


def pins() -> dict[str, str]:
    """Version by normalized name. Comments are left out."""
    lines = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [(line, PIN.fullmatch(line)) for line in lines if not line.startswith("#")]
    assert [line for line, pin in found if pin is None] == [], "`make constraints` writes exact versions only"
    return {canonicalize_name(pin["name"]): pin["version"] for _, pin in found if pin}


def direct_dependencies() -> list[Requirement]:
    """Of the package, its extras, and the groups for developers."""
    document = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    texts = [*project["dependencies"]]
    for group in document["dependency-groups"].values():
        texts += group
    for extra in project["optional-dependencies"].values():
        texts += extra
    return [Requirement(text) for text in texts]


def test_every_direct_dependency_has_a_version_that_pyproject_allows() -> None:
    """Otherwise run `make constraints`."""
    versions = pins()
    wrong = {
        str(each): versions.get(canonicalize_name(each.name), "no version")
        for each in direct_dependencies()
        if not each.specifier.contains(versions.get(canonicalize_name(each.name), "0"), prereleases=True)
    }
    assert wrong == {}


def test_no_version_is_of_one_machine_only() -> None:
    """A local version label names a build that no index has."""
    assert {name: version for name, version in pins().items() if "+" in version} == {}
