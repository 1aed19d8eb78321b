"""One file laid over another: the merged plan, and the mark of every value in it.

After a change of wording, run ``DDBBACKUP_UPDATE=1 pytest tests/unit/plan/test_overlays.py`` and read the diff.
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
from ddbbackup.plan.document import Document, overlay, paths_within
from ddbbackup.plan.interpolation import interpolate
from ddbbackup.plan.yaml_reader import parse, read
from ddbbackup.report.documents.validate import Validation
from ddbbackup.report.renderers import text

FOLDERS = sorted((Path(__file__).parents[2] / "plans" / "overlays").iterdir())
ENVIRONMENT = {"SECRET": "ftp://user:hunter2@files.example"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_problem_is_in_the_file_that_set_the_value(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that an overlay replaces is no problem."""
    monkeypatch.chdir(folder)
    _, problems = check(["base.yaml", "over.yaml"], ENVIRONMENT)
    output = text.render(Validation((), problems))
    expected = folder / "expected.txt"
    if os.environ.get("DDBBACKUP_UPDATE"):
        expected.write_text(output, encoding="utf-8")
    assert output == expected.read_text(encoding="utf-8")
    assert "hunter2" not in output


def test_a_variable_stays_hidden_if_another_file_has_a_problem_at_the_same_line_and_column() -> None:
    """The position alone is ambiguous with two files."""
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
def test_every_value_keeps_its_mark(layers: list[dict[str, Any]]) -> None:
    """For any files, the mark of a scalar of the merged document leads to its own text in its own file."""
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
    paths = list(paths_within((), whole.data))
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
    """JSON with one scalar per line, each with a text of its own."""
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
