"""The IAM actions that settings need, from what each setting declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ddbbackup.settings.setting import AnySetting, IamResource
from ddbbackup.steps.permissions import On

_OF_TARGET: Final[dict[IamResource, On]] = {
    "table": "target",
    "index": "target-index",
    "stream": "target-stream",
}
# Actions of other services are allowed on resources of these services.
_OF_SERVICE: Final[dict[str, On]] = {"application-autoscaling": "everything", "kms": "table-key"}
_OF_TARGETS_SERVICE: Final[dict[str, On]] = {
    "application-autoscaling": "target-everything",
    "kms": "target-key",
}
# Declared where the table is described or created.
_DECLARED_ELSEWHERE: Final = ("dynamodb:DescribeTable", "dynamodb:CreateTable")


def to_read_source(setting: AnySetting) -> Iterator[tuple[str, On]]:
    """Actions and resources that read the setting of a table that the plan backs up."""
    for action in setting.read_actions:
        if action not in _DECLARED_ELSEWHERE:
            for resource in setting.iam_resources:
                yield action, _OF_SERVICE.get(_service(action)) or resource


def to_read_target(setting: AnySetting) -> Iterator[tuple[str, On]]:
    """Actions and resources that read the setting of a restored table."""
    return _of_target(setting, setting.read_actions)


def to_apply(setting: AnySetting) -> Iterator[tuple[str, On]]:
    """Actions and resources that read and change the setting of a restored table."""
    return _of_target(setting, (*setting.read_actions, *setting.write_actions))


def _of_target(setting: AnySetting, actions: tuple[str, ...]) -> Iterator[tuple[str, On]]:
    for action in actions:
        if action not in _DECLARED_ELSEWHERE:
            for resource in setting.iam_resources:
                yield action, _OF_TARGETS_SERVICE.get(_service(action)) or _OF_TARGET[resource]


def _service(action: str) -> str:
    return action.partition(":")[0]
