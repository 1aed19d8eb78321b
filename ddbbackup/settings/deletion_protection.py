"""Deletion protection. It is applied after the data, so that the target of a failed restore can be deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ddbbackup.model.json_value import Json, as_object
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting, update_table

Enabled = Literal[True]


class DeletionProtection(Setting[Enabled]):
    name = "deletion-protection"
    title = "deletion protection"
    phase = "after everything"
    describe_fields = frozenset({"DeletionProtectionEnabled"})
    write_actions = ("dynamodb:UpdateTable",)

    def normalize(self, response: Json) -> Enabled | None:
        return True if as_object(response).get("DeletionProtectionEnabled") else None

    def changes(self, desired: Enabled, existing: Enabled | None, target: TableFacts) -> Iterator[Change]:
        if not existing:
            yield update_table("protection", target, {"DeletionProtectionEnabled": True})
