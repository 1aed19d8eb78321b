"""Deletion protection, the last of all, so that a restore that fails can still be taken away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting, update_table


class DeletionProtection(Setting):
    name = "deletion-protection"
    title = "deletion protection"
    phase = "after everything"
    describe_fields = frozenset({"DeletionProtectionEnabled"})
    write_actions = ("dynamodb:UpdateTable",)

    def normalize(self, answer: Any) -> Any:
        return True if answer.get("DeletionProtectionEnabled") else None

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        if not existing:
            yield update_table("protection", target, {"DeletionProtectionEnabled": True})
