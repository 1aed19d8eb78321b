"""STANDARD_INFREQUENT_ACCESS; STANDARD is what every table is without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting, update_table


class TableClass(Setting):
    name = "table-class"
    title = "table class"
    phase = "creation"
    default_policy = "by default"
    describe_fields = frozenset({"TableClassSummary"})
    write_actions = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    limitations = "the class of an existing target was changed twice within thirty days"

    def normalize(self, answer: Any) -> Any:
        """An absent TableClassSummary is STANDARD (observed on AWS)."""
        found = (answer.get("TableClassSummary") or {}).get("TableClass")
        return None if found == "STANDARD" else found

    def add_to_creation(self, definition: dict[str, Any], desired: Any) -> dict[str, Any]:
        return {**definition, "TableClass": desired}

    def changes(self, desired: Any, existing: Any, target: TableFacts) -> Iterator[Change]:
        if desired != existing:
            yield update_table("class", target, {"TableClass": desired})
