"""Reading YAML: any bytes give a document or problems, and every value has the mark of where it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbbackup.cli import main
from ddbbackup.plan import check
from ddbbackup.plan.document import Document
from ddbbackup.plan.yaml_reader import parse, read
from ddbbackup.plan.yaml_scalars import resolve_scalar

TOKENS = [
    ": ",
    "- ",
    "? ",
    "&x ",
    "*x",
    "!!set ",
    "!x ",
    "<<",
    "<<: *x\n",
    "---\n",
    "|\n",
    "NO",
    "12:30",
    "0x1f",
    "version: 1\n",
]
PIECES = st.sampled_from([*TOKENS, *"a:[]{},'\"~#@% \t\n\u2028\x00"])
TEN_MEGABYTES = 10 << 20


@given(text=st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_gives_a_document_or_problems(text: str) -> None:
    """Never a traceback; every problem has a position and a hint."""
    document, problems = parse(text, "p.yaml")
    assert document is not None or problems
    for problem in problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
        assert problem.hint


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"[" * TEN_MEGABYTES, "too-large"),
        (b"[" * ((1 << 20) - 1), "syntax|too-deep"),  # libyaml has a limit of its own
        (b"{a: " * (TEN_MEGABYTES // 4), "too-large"),
        (b"- " * (TEN_MEGABYTES // 2), "too-large"),
        (b"[" + b"a," * 60_000 + b"]", "too-many-values"),
        (
            b"a: &a [x]\n"
            + b"".join(b"%c: &%c [*%c, *%c]\n" % (c, c, c - 1, c - 1) for c in range(ord("b"), ord("z"))),
            "too-many-values",
        ),
        (
            b"a: &a0 [x]\n" + b"".join(b"b%d: &a%d [*a%d]\n" % (n, n + 1, n) for n in range(40)),
            "too-deep",
        ),
        (b"\xff\xfe" * 100, "not-utf-8"),
        (b"a: " + b"x" * TEN_MEGABYTES, "too-large"),
    ],
    ids=[
        "brackets",
        "fewer-brackets",
        "braces",
        "dashes",
        "long-list",
        "billion-laughs",
        "nested-aliases",
        "not-utf-8",
        "one-scalar",
    ],
)
def test_hostile_files_are_refused_within_bounds(tmp_path: Path, content: bytes, code: str) -> None:
    """Size, nesting and the expansion of aliases have limits."""
    file = tmp_path / "plan.yaml"
    file.write_bytes(content)
    plan, [problem] = check([file], {})
    assert plan is None
    assert problem.code in code.split("|")


def test_a_missing_plan_is_named_as_a_shell_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default name does not say which directory is meant; `./` does."""
    monkeypatch.chdir(tmp_path)
    document, [problem] = read("ddbbackup.yaml")
    assert document is None
    assert (problem.code, problem.file) == ("no-file", "ddbbackup.yaml")
    assert problem.message == "no plan found: ./ddbbackup.yaml does not exist"
    _, [problem] = read(tmp_path / "nowhere.yaml")
    assert problem.message == f"no plan found: {tmp_path}/nowhere.yaml does not exist"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ddbbackup.yaml", "use `-f ../ddbbackup.yaml`"),
        ("plans/prod.yaml", "use `-f ../plans/prod.yaml`"),
        ("stagin.yaml", "use `-f staging.yml`"),
        ("plans/*.yaml", "name one plan: only `status`, `report` and `validate` take a pattern for several"),
        ("other.yaml", "name a plan with -f, or create one with `ddbbackup init`"),
    ],
)
def test_a_missing_plan_is_looked_for_nearby(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, hint: str
) -> None:
    """In the folders above, and under a name that is nearly the same."""
    for each in ("ddbbackup.yaml", "plans/prod.yaml", "inner/staging.yml"):
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).write_text("version: 1\n")
    monkeypatch.chdir(tmp_path / "inner")
    _, [problem] = read(name)
    assert problem.hint == hint


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """Here a directory, and a path that no file can have."""
    for path in (tmp_path, "plan\0.yaml"):
        document, [problem] = read(path)
        assert document is None
        assert (problem.code, problem.file) == ("unreadable", str(path))


def test_a_duplicate_key_names_the_line_of_the_first() -> None:
    """And the first value is the one that the rest of the check sees."""
    document, [problem] = parse("a: 1\nb: 2\na: 3\n", "p.yaml")
    assert (problem.line, problem.code) == (3, "duplicate-key")
    assert problem.message == "duplicate key `a` (first on line 1)"
    assert document is not None
    assert document.data == {"a": 1, "b": 2}


def test_an_alias_is_marked_where_it_is_written_and_its_members_where_they_are() -> None:
    """So that a problem inside an anchored value points at the line to edit."""
    document = parsed("x: &x\n  a: 1\n  b: [2]\ny: *x\n")
    assert document.data["y"] == {"a": 1, "b": [2]}
    assert document.values["y",][1:] == (4, 4)
    assert document.values["y", "a"] == document.values["x", "a"]
    assert document.keys["y", "b"][1:] == (3, 3)
    assert document.written["y", "b", 0] == "2"


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("{<<: *x, c: 3}", {"a": 1, "b": 2, "c": 3}),
        ("{b: own, <<: *x}", {"a": 1, "b": "own"}),
        ("{<<: [*y, *x]}", {"a": 1, "b": "y"}),
        ("{<<: {a: inline}}", {"a": "inline"}),
        ("{<<: []}", {}),
        ('{"<<": plain}', {"<<": "plain"}),
    ],
)
def test_merge_keys_add_members_that_are_not_set(text: str, merged: dict[str, object]) -> None:
    """A mapping's own keys win over merged ones, and an earlier mapping over a later one. A quoted `<<` is a key."""
    document = parsed(f"x: &x {{a: 1, b: 2}}\ny: &y {{b: y}}\nz: {text}\n")
    assert document.data["z"] == merged


def test_a_merged_value_keeps_its_mark() -> None:
    """Only the members that are really merged have a mark."""
    document = parsed("x: &x\n  a: 1\n  b: 2\nz:\n  <<: *x\n  b: 3\n")
    assert document.values["z", "a"][1:] == (2, 6)
    assert document.values["z", "b"][1:] == (6, 6)
    assert ("z", "<<") not in document.values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("off", "off"),
        ("12:30", "12:30"),
        ("2026-11-24", "2026-11-24"),
        ("1_000", "1_000"),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.INF", float("-inf")),
        ("True", True),
        ("Null", None),
        ("~", None),
        ("", None),
    ],
)
def test_plain_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    """YAML 1.1 reads a country code as false and a time of day as a number."""
    assert resolve_scalar(text) == value
    assert type(resolve_scalar(text)) is type(value)


def parsed(text: str) -> Document:
    document, problems = parse(text, "p.yaml")
    assert document is not None
    assert problems == ()
    return document


def test_a_run_without_a_plan_says_so_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no file with a problem that could be fixed and checked again."""
    monkeypatch.chdir(tmp_path)
    assert main(["status"]) == 78
    assert capsys.readouterr().err == (
        "ddbbackup: no plan found: ./ddbbackup.yaml does not exist\n"
        "hint: name a plan with -f, or create one with `ddbbackup init`\n"
    )
