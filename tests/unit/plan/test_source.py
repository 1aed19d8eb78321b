"""Reading YAML: whatever the bytes are, they give a document or problems, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.plan import check
from ddbbackup.plan.yaml_reader import parse, read

WORDS = [
    ": ",
    "- ",
    "? ",
    "&x ",
    "*x",
    "!!set ",
    "!x ",
    "<<",
    "---\n",
    "|\n",
    "NO",
    "12:30",
    "0x1f",
    "version: 1\n",
]
PIECES = st.sampled_from([*WORDS, *"a:[]{},'\"~#@% \t\n\u2028\x00"])
MEGABYTES = 10 << 20


@given(text=st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_gives_a_document_or_problems(text: str) -> None:
    """Each problem with its place and a hint."""
    document, problems = parse(text, "p.yaml")
    assert document is not None or problems
    for problem in problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
        assert problem.hint


@pytest.mark.parametrize(
    "content",
    [
        b"[" * MEGABYTES,
        b"[" * ((1 << 20) - 1),
        b"{a: " * (MEGABYTES // 4),
        b"- " * (MEGABYTES // 2),
        b"a: &a [x]\n"
        + b"".join(b"%c: &%c [*%c, *%c]\n" % (c, c, c - 1, c - 1) for c in range(ord("b"), ord("z"))),
        b"\xff\xfe" * MEGABYTES,
        b"a: " + b"x" * MEGABYTES,
    ],
    ids=["brackets", "fewer-brackets", "braces", "dashes", "aliases", "not-utf-8", "one-scalar"],
)
def test_what_is_made_to_burst_the_reader_is_a_problem(tmp_path: Path, content: bytes) -> None:
    """Ten megabytes of nesting, a billion laughs: one problem, at once."""
    plan = tmp_path / "plan.yaml"
    plan.write_bytes(content)
    found, problems = check([plan], {})
    assert found is None
    assert problems
    assert all(problem.hint for problem in problems)


def test_a_directory_and_a_file_that_may_not_be_read_are_problems(tmp_path: Path) -> None:
    """As is a file that is not there."""
    for path in (tmp_path, tmp_path / "nowhere.yaml"):
        document, (problem,) = read(path)
        assert document is None
        assert problem.file == str(path)
