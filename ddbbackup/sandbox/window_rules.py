"""The rules of the window of an incremental export. Messages as observed on AWS, unless marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ddbbackup.sandbox.aws_error import AwsError

SHORTEST_SECONDS: Final = 900.0
LONGEST_SECONDS: Final = 86_400.0
_VIEWS: Final = ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")
_VALIDATION: Final = "ValidationException"
_TIME: Final = "InvalidExportTimeException"


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start``, up to but without ``end``, in seconds since the epoch. ``view`` is the ExportViewType."""

    start: float
    end: float
    view: str


def requested_window(request: Mapping[str, Any], now: float) -> Window | None:
    """The window of an incremental export, None for a full one. Raises ``AwsError`` for a contradictory request.

    A window without an end ends now, in whole seconds.
    """
    kind, spec = request.get("ExportType"), request.get("IncrementalExportSpecification")
    if kind != "INCREMENTAL_EXPORT":
        if spec is not None:
            raise AwsError(_VALIDATION, _misplaced(kind))
        return None
    if spec is None:
        raise AwsError(
            _VALIDATION,
            "Invalid Request: Incremental Export Specification expected when export type is set as Incremental "
            "Export",
        )
    view = spec.get("ExportViewType", "NEW_AND_OLD_IMAGES")
    if view not in _VIEWS:
        raise AwsError(
            _VALIDATION,
            f"1 validation error detected: Value '{view}' at 'incrementalExportSpecification.exportViewType' failed "
            f"to satisfy constraint: Member must satisfy enum value set: [{', '.join(_VIEWS)}]",
        )
    if spec.get("ExportFromTime") is None:
        raise AwsError(
            _VALIDATION, "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification"
        )
    end = spec.get("ExportToTime")
    return Window(float(spec["ExportFromTime"]), float(int(now) if end is None else end), view)


def _misplaced(kind: str | None) -> str:
    if kind is None:
        return (
            "Invalid Request: Export Type expected to be Incremental Export when incremental export specification is "
            "provided"
        )
    return (
        "Invalid Request: When Export Type is Full Export , Incremental Export Specification should not be "
        "provided"
    )


def check_created(window: Window, created: float) -> None:
    """Raises ``AwsError``. AWS checks this before point-in-time recovery."""
    if window.start < int(created):
        begin = _iso(window.start)
        raise AwsError(
            _TIME,
            f"Incremental export period from time cannot be less than the table creation time : {begin}",
        )


def check_extent(window: Window, *, earliest: float, now: float) -> None:
    """Raises ``AwsError``. ``earliest`` is the EarliestRestorableDateTime."""
    if window.end > now:
        end = _iso(window.end)
        raise AwsError(
            _TIME, f"Incremental export period to time cannot be greater than the current time : {end}"
        )
    length = window.end - window.start
    if length < SHORTEST_SECONDS:
        raise AwsError(
            _TIME,
            "Difference between export period from time and export period to time is less than 15 minutes",
        )
    if length > LONGEST_SECONDS:  # the text was not observed
        raise AwsError(
            _TIME,
            "The sandbox: the export period is longer than 24 hours, which incremental exports do not support",
        )
    if window.start < int(earliest):  # the text was not observed
        raise AwsError(
            _TIME,
            f"The sandbox: the export period begins before the earliest restorable time, {_iso(earliest)}",
        )


def _iso(seconds: float) -> str:
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"
