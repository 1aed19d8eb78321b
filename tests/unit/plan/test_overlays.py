"""One file laid over another: what comes out, and that every place stays right.

After a change of words: ``DDBBACKUP_UPDATE=1 pytest tests/unit/plan/test_overlays.py``, and read the diff.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.plan import check
from ddbbackup.plan.document import Document, overlay, within
from ddbbackup.plan.interpolation import interpolate
from ddbbackup.plan.yaml_reader import parse, read
from ddbbackup.report.renderers import text

FOLDERS = sorted((Path(__file__).parents[2] / "plans" / "overlays").iterdir())
ENVIRONMENT = {"SECRET": "ftp://user:hunter2@files.example"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_problems_are_told_where_they_were_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the file that said it last; what an overlay replaces is no problem any more."""
    monkeypatch.chdir(folder)
    _, problems = check(["base.yaml", "over.yaml"], ENVIRONMENT)
    said = text.problems(problems)
    expected = folder / "expected.txt"
    if os.environ.get("DDBBACKUP_UPDATE"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
    assert "hunter2" not in said


def test_a_variable_stays_hidden_though_another_file_failed_at_the_same_place() -> None:
    """Line and column alone name no place once there are two files."""
    folder = next(folder for folder in FOLDERS if folder.name == "same-place")
    base, _ = read(folder / "base.yaml")
    over, _ = read(folder / "over.yaml")
    assert base is not None
    assert over is not None
    filled, problems = interpolate(overlay(base, over), ENVIRONMENT)
    assert [(problem.line, problem.column) for problem in problems] == [(5, 13)]
    assert filled.values["aws", "endpoint_urls", "s3"][1:] == (5, 13)
    assert filled.interpolated == {("aws", "endpoint_urls", "s3")}


keys = st.sampled_from("abcd")
trees: st.SearchStrategy[Any] = st.recursive(
    st.just(None),
    lambda inner: (
        st.dictionaries(keys, inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=2)
    ),
    max_leaves=8,
)
maps = st.dictionaries(keys, trees, min_size=1, max_size=4)


@given(st.lists(maps, min_size=2, max_size=3))
def test_every_value_keeps_the_line_that_it_was_written_on(layers: list[dict[str, Any]]) -> None:
    """For any files: each scalar of the merged document stands, by its mark, on its own line of its own file."""
    texts = {f"{number}.yaml": lay_out(layer, f"{number}.yaml") for number, layer in enumerate(layers)}
    whole: Document | None = None
    expected: Any = None
    for name, content in texts.items():
        document, problems = parse(content, name)
        assert document is not None
        assert not problems
        whole = document if whole is None else overlay(whole, document)
        expected = document.data if expected is None else merged(expected, document.data)
    assert whole is not None
    assert whole.data == expected
    paths = list(within((), whole.data))
    assert set(whole.values) == set(paths)
    for path in paths:
        value = at(whole.data, path)
        mark = whole.values[path]
        line = texts[mark.file].splitlines()[mark.line - 1]
        if isinstance(value, str):
            assert line[mark.column - 1 :].strip().rstrip(",") == json.dumps(value)
        if path and isinstance(path[-1], str):
            mark = whole.keys[path]
            line = texts[mark.file].splitlines()[mark.line - 1]
            assert line[mark.column - 1 :].startswith(f'"{path[-1]}":')


def lay_out(tree: dict[str, Any], name: str) -> str:
    """JSON with one scalar a line, each the only one of its text."""
    number = iter(range(1000))

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(member) for key, member in value.items()}
        return [fill(member) for member in value] if isinstance(value, list) else f"{name} {next(number)}"

    return json.dumps(fill(tree), indent=1)


def merged(low: Any, high: Any) -> Any:
    if isinstance(low, dict) and isinstance(high, dict):
        return low | {k: merged(low[k], v) if k in low else v for k, v in high.items()}
    return high


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        value = value[part]
    return value
