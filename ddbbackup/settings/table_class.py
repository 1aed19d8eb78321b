"""The table class STANDARD_INFREQUENT_ACCESS. STANDARD is the default of every table."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.model.json_value import Json, JsonObject, as_object, get_object, get_text
from ddbbackup.ports import TableFacts
from ddbbackup.settings.setting import Change, Setting, update_table


class TableClass(Setting[str]):
    name = "table-class"
    title = "table class"
    phase = "creation"
    default_policy = "by default"
    describe_fields = frozenset({"TableClassSummary"})
    write_actions = ("dynamodb:CreateTable", "dynamodb:UpdateTable")
    limitations = "AWS allows two changes of the class of an existing table within 30 days"

    def normalize(self, response: Json) -> str | None:
        """DescribeTable omits TableClassSummary for a STANDARD table (observed on AWS)."""
        table_class = get_text(get_object(as_object(response), "TableClassSummary"), "TableClass")
        return None if table_class == "STANDARD" else table_class

    def add_to_creation(self, definition: JsonObject, desired: str) -> JsonObject:
        return {**definition, "TableClass": desired}

    def changes(self, desired: str, existing: str | None, target: TableFacts) -> Iterator[Change]:
        if desired != existing:
            yield update_table("class", target, {"TableClass": desired})
