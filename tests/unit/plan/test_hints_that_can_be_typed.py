"""What a hint shows as YAML is YAML, also where a pattern begins with an asterisk."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddbbackup.plan import check

HEAD = "version: 1\nname: p\ndestinations: {v: {bucket: acme-vault}}\n"
RESTORE = "tables: [{name: orders}]\nrestores: {back: {table: orders, to: {table: copy, settings: %s}}}\n"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('tables: [{match: "*", exclude: x}]\n', 'use a list, such as `["*-tmp"]`'),
        (
            "tables: [{match: *-prod}]\n",
            'define &-prod on an earlier line, or quote a pattern: "*-prod"',
        ),
        (RESTORE % "tags", "write it as a list: `[tags]`"),
        (RESTORE % "nonsense", "choose one of these values"),
    ],
)
def test_a_hint_can_be_typed(tmp_path: Path, text: str, hint: str) -> None:
    file = tmp_path / "ddbbackup.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    _, problems = check([str(file)], {})
    assert [problem.hint for problem in problems] == [hint]
