"""The reference of settings is made from their registry, and the plan's words are the registry's."""

from __future__ import annotations

import os
from pathlib import Path

from ddbbackup.plan.schemas import plan_schema
from ddbbackup.settings import SETTINGS, WORDS
from ddbbackup.settings.setting import Setting
from tests.support.settings_reference import render

REFERENCE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_reference_is_what_the_registry_says() -> None:
    """Made anew with DDBBACKUP_UPDATE=1."""
    said = render()
    if os.environ.get("DDBBACKUP_UPDATE"):
        REFERENCE.write_text(said, encoding="utf-8")
    assert REFERENCE.read_text(encoding="utf-8") == said


def test_the_words_of_the_plan_are_the_settings_of_the_registry() -> None:
    """In the same order, so that an editor offers exactly what a restore can do."""
    target = plan_schema()["$defs"]["restore"]["properties"]["to"]["properties"]["settings"]
    (words,) = [each["items"]["enum"] for each in target["anyOf"] if each["type"] == "array"]
    assert tuple(words) == WORDS


def test_every_setting_of_the_room_is_in_the_registry_once() -> None:
    """A file that nobody registered would be a setting that silently never comes back."""
    kinds = {type(setting) for setting in SETTINGS}
    assert len(kinds) == len(SETTINGS) == len({setting.name for setting in SETTINGS})

    def below(kind: type[object]) -> set[type[object]]:
        direct: list[type[object]] = kind.__subclasses__()
        return set(direct).union(*(below(each) for each in direct))

    assert below(Setting) == kinds


def test_every_setting_says_how_it_is_read_and_put_back() -> None:
    """No member of DescribeTable belongs to two settings."""
    describe_fields = [member for setting in SETTINGS for member in setting.describe_fields]
    assert len(describe_fields) == len(set(describe_fields))
    for setting in SETTINGS:
        assert setting.title
        assert setting.read_actions
        assert setting.write_actions
        assert setting.has_own_api or setting.describe_fields
