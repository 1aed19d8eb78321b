"""What steps declare that they need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from ddbbackup import steps
from ddbbackup.steps.permission import On, Role

ROOM = Path(steps.__file__).parent


def test_every_file_that_declares_permissions_is_listed() -> None:
    """``doctor --iam`` reads the list, so a file that is missing from it would be denied."""
    declaring = {
        path.stem
        for path in ROOM.rglob("*.py")
        if re.search(r"^PERMISSIONS\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {module.__name__.rpartition(".")[2] for module in steps.DECLARING} == declaring


def test_declared_permissions_are_well_formed() -> None:
    """An action of IAM, a kind of resource and roles that exist."""
    for module in steps.DECLARING:
        for permission in module.PERMISSIONS:
            assert re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z]+", permission.action), permission
            assert permission.on in get_args(On)
            assert set(permission.roles) <= set(get_args(Role))
            assert permission.roles
