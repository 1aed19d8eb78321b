"""STANDARD_INFREQUENT_ACCESS; STANDARD is what every table is without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.steps.settings.setting import Change, Setting, update_table


class TableClass(Setting):
    name = "table-class"
    shown = "table class"
    at = "creation"
    chosen = "by default"
    members = frozenset({"TableClassSummary"})
    put_back_by = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    impossible = "the class of an existing target was changed twice within thirty days"

    def normal(self, answer: Any) -> Any:
        """An absent TableClassSummary is STANDARD (observed on AWS)."""
        found = (answer.get("TableClassSummary") or {}).get("TableClass")
        return None if found == "STANDARD" else found

    def at_creation(self, definition: dict[str, Any], aim: Any) -> dict[str, Any]:
        return {**definition, "TableClass": aim}

    def changes(self, aim: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        if aim != existing:
            yield update_table("class", target, {"TableClass": aim})
