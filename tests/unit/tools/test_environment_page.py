"""The page of environment variables lists those that the code reads, and names who reads the others."""

from __future__ import annotations

import ast
import importlib.util
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import ddbbackup
from ddbbackup.cli.run_id import CI_VARIABLES
from tools.docs.environment import CI, SECTIONS

CODE = Path(ddbbackup.__file__).parent
NAME = re.compile(
    r"(DDBBACKUP|AWS|GITHUB|CI|CODEBUILD|BUILDKITE|CIRCLE|BUILD|XDG|OTEL|SSL|REQUESTS|NO|FORCE|CLICOLOR)_[A-Z_]+"
    r"|HOME|COLUMNS|LINES|TERM|PAGER|EDITOR"
)
LISTED = {name: variable.reader for each in SECTIONS.values() for variable in each for name in variable.names}
# Read by building their names: from `traceparent` and `tracestate`, and by plans through `${…}`.
BUILT = {"TRACEPARENT", "TRACESTATE", "DDBBACKUP_SANDBOX_URL"}


def named_in(folder: Path) -> Iterator[str]:
    """The strings in the code that look like a variable. Docstrings are sentences, so they do not."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
                yield node.value


def test_every_variable_that_the_code_names_is_listed() -> None:
    assert set(named_in(CODE)) - set(LISTED) == set()


def test_every_variable_of_ours_is_read_by_the_code() -> None:
    """A page that lists more promises something that does nothing."""
    ours = {name for name, reader in LISTED.items() if reader == "ddbbackup"}
    assert ours - set(named_in(CODE)) - BUILT == set()


def test_libraries_read_what_they_are_said_to_read() -> None:
    """By their source: botocore builds the names of endpoints from a prefix and the service."""
    for library in ("botocore", "opentelemetry"):
        spec = importlib.util.find_spec(library)
        assert spec is not None
        assert spec.submodule_search_locations is not None
        text = "".join(
            path.read_text(encoding="utf-8")
            for folder in spec.submodule_search_locations
            for path in Path(folder).rglob("*.py")
        )
        for name in (name for name, reader in LISTED.items() if reader == library):
            stem = re.sub(r"^AWS_ENDPOINT_URL_.*", "AWS_ENDPOINT_URL", name)
            assert stem in text, (library, name)


def test_proxies_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """By urllib, which botocore and we ask: in capitals or not."""
    for name in (name for name, reader in LISTED.items() if reader == "urllib"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
        found = urllib.request.getproxies_environment()
        assert found[name.lower().removesuffix("_proxy")] == "http://proxy.example:3128"


def test_ids_of_runs_are_listed_in_their_order() -> None:
    """The first that is set counts, so the order is part of what the page says."""
    assert CI[0].names == CI_VARIABLES
