"""Errors that a verb tells after its document: their hints name the plan files that the run was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddbbackup.cli.commands import list_backups, report
from ddbbackup.cli.grammar import parse
from ddbbackup.errors import AccessDenied
from ddbbackup.report.documents.list import backup_list
from ddbbackup.report.overview.build import FailedPlan

DENIED = AccessDenied("access denied", hint="run `ddbbackup doctor`")


def test_report_names_the_files_of_the_plan(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of each plan, if there are several."""
    monkeypatch.chdir(tmp_path)
    files = ["a.yaml", "b c.yaml"]
    for given, shown in ((files, ["-f a.yaml", "-f 'b c.yaml'"]), (files[:1], ["-f a.yaml"])):
        plans = [FailedPlan([file], DENIED) for file in given]
        monkeypatch.setattr(report, "read_plans", lambda *_, plans=plans: plans)
        assert report.run(parse(["report", "-f", given[0]])) == 77
        hints = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hint: ")]
        assert hints == [f"hint: run `ddbbackup doctor {each}`" for each in shown]


def test_list_names_the_files_of_the_plan(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = backup_list("prod", [], {}, [("vault", "acme", DENIED)])
    monkeypatch.setattr(list_backups, "run_session", lambda *_: document)
    assert list_backups.run(parse(["list", "-f", "prod.yaml"])) == 77
    assert "hint: run `ddbbackup doctor -f prod.yaml`\n" in capsys.readouterr().err
