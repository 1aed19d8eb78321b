"""What a record says about its table, in documents of their own: one object for each content, named by its SHA-256.

A table has the same description and the same settings for months, so that thousands of records share two documents.
The record holds their SHA-256, so a document that somebody changed is not believed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from msgspec import Meta
from msgspec.structs import replace

from ddbbackup.catalog.observed_setting import ObservedSetting
from ddbbackup.errors import REPORT_BUG, DataIncomplete, StepFailed
from ddbbackup.model.documents import JSON_OBJECT, DocumentType, InvalidDocument, encode_document
from ddbbackup.model.json_value import JsonObject

# What changes by itself: counts, which AWS updates every six hours (DynamoDB API: TableDescription) and of which the
# record has those of the table, and the recovery window, which moves with the time.
_CHANGING: Final = frozenset(
    {
        "ItemCount",
        "TableSizeBytes",
        "IndexSizeBytes",
        "EarliestRestorableDateTime",
        "LatestRestorableDateTime",
    }
)
_HINT: Final = "restore the export with `from: {s3_uri: …}`, and find out who changed the document"


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyElement:
    AttributeName: str
    KeyType: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _AttributeDefinition:
    AttributeName: str
    AttributeType: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    IndexName: str
    KeySchema: list[_KeyElement]
    Projection: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDescription:
    """The members of a description that a restore needs, named as in the DynamoDB API: TableDescription."""

    KeySchema: Annotated[list[_KeyElement], Meta(min_length=1)]
    AttributeDefinitions: list[_AttributeDefinition]
    GlobalSecondaryIndexes: list[_Index] | None = None
    LocalSecondaryIndexes: list[_Index] | None = None
    BillingModeSummary: dict[str, Any] | None = None
    ProvisionedThroughput: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        defined = {each.AttributeName for each in self.AttributeDefinitions}
        if not defined.issuperset(each.AttributeName for each in self.KeySchema):
            raise ValueError("A key attribute is not in AttributeDefinitions")


_DESCRIPTIONS: Final = DocumentType(TableDescription)
_SETTINGS: Final = DocumentType(dict[str, ObservedSetting])


@dataclass(frozen=True, slots=True)
class TableDocument:
    """One document. ``sha256`` is that of ``body``, in hexadecimal digits."""

    body: bytes
    sha256: str


def description_document(description: Mapping[str, Any]) -> TableDocument:
    """The document of the ``Table`` member of DescribeTable, without what changes by itself.

    It is checked when it is read and not here, so that an unusual response of AWS cannot prevent a backup. Raises
    ``StepFailed`` if it has no form in JSON.
    """
    return _document(_lasting(dict(description)), "description")


def settings_document(settings: Mapping[str, ObservedSetting]) -> TableDocument:
    """The document of the settings that DescribeTable does not show, by name, without what changes by itself.

    Raises ``StepFailed`` as ``description_document`` does.
    """
    lasting = {name: replace(each, value=_lasting(each.value)) for name, each in settings.items()}
    return _document(lasting, "settings")


def parse_description(body: bytes, sha256: str, *, where: str) -> JsonObject:
    """Raises ``DataIncomplete`` for another content than that of ``sha256``, or without what a restore needs."""
    _check(body, sha256, where)
    try:
        description = JSON_OBJECT.decode(body)
        _DESCRIPTIONS.check(description)
    except InvalidDocument as error:
        raise DataIncomplete(f"{where} is not a valid description: {error}", hint=_HINT) from error
    return description


def parse_settings(body: bytes, sha256: str, *, where: str) -> Mapping[str, ObservedSetting]:
    """Raises ``DataIncomplete`` as ``parse_description`` does."""
    _check(body, sha256, where)
    try:
        return _SETTINGS.decode(body)
    except InvalidDocument as error:
        raise DataIncomplete(f"{where} are not valid settings: {error}", hint=_HINT) from error


def _check(body: bytes, sha256: str, where: str) -> None:
    if hashlib.sha256(body).hexdigest() != sha256:
        raise DataIncomplete(f"{where} is not the document that the record names", hint=_HINT)


def _document(value: object, what: str) -> TableDocument:
    try:
        body = encode_document(value, in_order=True)
    except InvalidDocument as error:
        raise StepFailed(
            f"the {what} of the table cannot be written as JSON: {error}", hint=REPORT_BUG
        ) from error
    return TableDocument(body, hashlib.sha256(body).hexdigest())


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lasting(each) for name, each in value.items() if name not in _CHANGING}
    if isinstance(value, list):
        return [_lasting(each) for each in value]
    return value
