"""``init -f`` and places at which no file can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddbbackup.cli.commands import init
from ddbbackup.cli.grammar import parse
from ddbbackup.errors import Refused


@pytest.mark.parametrize("words", [[], ["--from-account"]])
@pytest.mark.parametrize("name", [".", "/", "..", "plans", "plans/"])
def test_a_directory_is_not_the_name_of_a_plan(
    name: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of them have no last part. It says what to do before an account is read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plans").mkdir()
    with pytest.raises(Refused, match="is a directory") as raised:
        init.run(parse(["init", *words, "-f", name]))
    assert raised.value.hint.startswith("name a file in that directory")
    assert [each.name for each in tmp_path.rglob("*")] == ["plans"]


def test_the_next_command_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the name of the file."""
    monkeypatch.chdir(tmp_path)
    assert init.run(parse(["init", "-f", "my plan.yaml"])) == 0
    assert "then run `ddbbackup validate -f 'my plan.yaml'`\n" in capsys.readouterr().out
