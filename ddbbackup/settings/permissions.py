"""The permissions of settings, made of what each says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ddbbackup.plan.model import Plan
from ddbbackup.settings import SETTINGS
from ddbbackup.settings.setting import Part, Setting
from ddbbackup.steps.permissions import POINT_IN_TIME, RESTORES, On, Permission, When

_THERE: Final[dict[Part, On]] = {"table": "target", "index": "target-index", "stream": "target-stream"}
_DESCRIBED: Final = "dynamodb:DescribeTable"  # declared by who describes the table anyway
_UNREAD: Final = "without it the setting is recorded as unknown, and the backup is whole all the same"


def to_record() -> tuple[Permission, ...]:
    """For the role that backs up; and for point-in-time restores, which read the live table."""
    found = [
        permission
        for setting in SETTINGS
        for action in setting.read_actions
        for on in (_kind(action, part) or part for part in setting.parts)
        if action != _DESCRIBED
        for permission in (
            Permission(action, on, ("backup",), note=_UNREAD),
            Permission(action, on, ("restore",), _asks(setting, by_time=True), note="of the live table"),
            Permission(action, on, ("read",), POINT_IN_TIME, note="of the live table"),
        )
    ]
    return tuple(dict.fromkeys(found))


def to_look() -> tuple[Permission, ...]:
    """For the role that looks: what a restore would make of each setting of its target."""
    found = [
        Permission(action, on, ("read",), RESTORES, note="without it `preview` shows the setting as unknown")
        for setting in SETTINGS
        for action in setting.read_actions
        for on in (_kind(action, part) or _THERE[part] for part in setting.parts)
        if action != _DESCRIBED
    ]
    return tuple(dict.fromkeys(found))


def to_put_back() -> tuple[Permission, ...]:
    """For the role that restores: to read what the target has, and to change it."""
    found = []
    for setting in SETTINGS:
        if setting.default_policy == "always":
            continue
        when = _asks(setting)
        for action, on in _uses(setting):
            found.append(Permission(action, on, ("restore",), when))
    return tuple(found)


def _uses(setting: Setting) -> Iterator[tuple[str, On]]:
    for action in (*setting.read_actions, *setting.write_actions):
        if action not in (_DESCRIBED, "dynamodb:CreateTable"):
            yield from ((action, _kind(action, part) or _THERE[part]) for part in setting.parts)


def _kind(action: str, part: Part) -> On | None:
    """Actions of other services have resources of their own."""
    service = action.partition(":")[0]
    others: dict[str, On] = {"application-autoscaling": "everything", "kms": "table-key"}
    return others.get(service)


def _asks(setting: Setting, *, by_time: bool = False) -> When:
    """By default counts only for settings that come by default. ``by_time``: of point-in-time restores alone."""
    name, by_default = setting.name, setting.default_policy == "by default"

    def holds(plan: Plan) -> bool:
        wishes = [
            restore.target.settings
            for restore in plan.restores.values()
            if not by_time or restore.method == "point-in-time"
        ]
        return any(
            (by_default if wish is None else wish == "all" or (wish != "none" and name in wish))
            for wish in wishes
        )

    which = "a point-in-time restore" if by_time else "a restore"
    return When(f"{which} puts `{name}` back", holds)
