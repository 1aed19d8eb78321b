"""The registry of settings: complete, and in step with the plan's schema."""

from __future__ import annotations

import inspect

from ddbbackup.plan.schemas import plan_schema
from ddbbackup.settings import SETTING_NAMES, SETTINGS
from ddbbackup.settings.setting import Setting


def test_the_names_in_the_schema_of_the_plan_are_the_settings_of_the_registry() -> None:
    """In the same order, so that an editor offers exactly what a restore can apply."""
    target = plan_schema()["$defs"]["restore"]["properties"]["to"]["properties"]["settings"]
    (words,) = [each["items"]["enum"] for each in target["anyOf"] if each["type"] == "array"]
    assert tuple(words) == SETTING_NAMES


def test_every_setting_is_registered_once() -> None:
    """A setting that is not in the registry would silently never be applied."""
    kinds = {type(setting) for setting in SETTINGS}
    assert len(kinds) == len(SETTINGS) == len({setting.name for setting in SETTINGS})

    def below(kind: type[object]) -> set[type[object]]:
        direct: list[type[object]] = kind.__subclasses__()
        return set(direct).union(*(below(each) for each in direct))

    assert {kind for kind in below(Setting) if not inspect.isabstract(kind)} == kinds


def test_every_setting_declares_how_it_is_read_and_applied() -> None:
    """No member of DescribeTable belongs to two settings."""
    describe_fields = [member for setting in SETTINGS for member in setting.describe_fields]
    assert len(describe_fields) == len(set(describe_fields))
    for setting in SETTINGS:
        assert setting.title
        assert setting.read_actions
        assert setting.write_actions
        assert setting.has_own_api or setting.describe_fields
