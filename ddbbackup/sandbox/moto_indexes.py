"""Items that indexes do not take: refused while the index exists, left out of an index that is added later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from ddbbackup.sandbox import moto_changes
from ddbbackup.sandbox.aws_error import AwsError
from ddbbackup.sandbox.index_rules import check_item, is_indexed
from ddbbackup.sandbox.moto_tables import aws_error

_QUERY: Final[Any] = Table.query
_INDEX_ITEMS: Final[Any] = Table.has_idx_items
_BATCH: Final[Any] = DynamoHandler.batch_write_item


def install() -> None:
    """Replaces methods of moto's tables, and a handler."""
    for owner, name, method in (
        (Table, "put_item", _put_item),
        (Table, "query", _query),
        (Table, "has_idx_items", _items_of_index),
        (DynamoHandler, "batch_write_item", _batch_write_item),
    ):
        setattr(owner, name, method)


def _put_item(table: Table, item_attrs: dict[str, Any], *arguments: Any, **named: Any) -> Any:
    _check(table, item_attrs)
    return moto_changes.put_item(table, item_attrs, *arguments, **named)


def _batch_write_item(handler: DynamoHandler) -> Any:
    """AWS refuses the whole request for one invalid item (botocore's model: BatchWriteItem)."""
    for name, requests in handler.body["RequestItems"].items():
        table = handler.dynamodb_backend.get_table(name)
        for request in requests:
            if "PutRequest" in request:
                _check(table, request["PutRequest"]["Item"])
    return _BATCH(handler)


def _query(table: Table, *arguments: Any, **named: Any) -> Any:
    items, scanned, last = _QUERY(table, *arguments, **named)
    index = named.get("index_name")
    return ([each for each in items if _holds(table, index, each)] if index else items), scanned, last


def _items_of_index(table: Table, index_name: str) -> Any:
    return [each for each in _INDEX_ITEMS(table, index_name) if _holds(table, index_name, each)]


def _check(table: Table, item: Mapping[str, Any]) -> None:
    indexes = {index.name: index.schema_key_attrs for index in table.all_indexes()}
    try:
        check_item(item, indexes, _types(table))
    except AwsError as error:
        raise aws_error(error.code, error.message) from error


def _holds(table: Table, index: str, item: Any) -> bool:
    values = {name: {value.type: value.value} for name, value in item.attrs.items()}
    return is_indexed(values, table.get_index(index).schema_key_attrs, _types(table))


def _types(table: Table) -> dict[str, str]:
    return {each["AttributeName"]: each["AttributeType"] for each in table.attr}
