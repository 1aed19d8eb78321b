"""Reads one segment of a table, page after page: retries, rate, credentials."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Final, Protocol, assert_never

from ddbbackup.bulk.failures import Work, clock_error, expired_error, fatal_error, stalled_error
from ddbbackup.bulk.model import Stopped
from ddbbackup.bulk.rate_control import backoff_seconds
from ddbbackup.bulk.responses import Classification, Unproven, classify_failure, unproven
from ddbbackup.bulk.scan.page import Key, Page, cut_page
from ddbbackup.bulk.scan.read_limit import UNITS_OF_A_FULL_PAGE, ReadLimit
from ddbbackup.ports import BulkResponse, BulkTransport, KeyAttribute

_RECEIVE_SECONDS: Final = 0.2
_BYTES_PER_UNIT: Final = 4096
_MAX_RESIGNED: Final = 1  # in a row: a machine that was suspended sends what it signed before


class ScannedTable(Protocol):
    """``stall_timeout_seconds``: reading fails after this time without a single page."""

    @property
    def table(self) -> str: ...
    @property
    def keys(self) -> tuple[KeyAttribute, ...]: ...
    @property
    def stall_timeout_seconds(self) -> float: ...


class SegmentReader:
    """One segment of ``segments``. Not thread-safe: every thread has its own, and its own transport.

    ``work`` is what fails if no page arrives.
    """

    def __init__(
        self,
        job: ScannedTable,
        segment: int,
        segments: int,
        transport: BulkTransport[None],
        limit: ReadLimit,
        stop: threading.Event,
        *,
        work: Work = "scan",
    ) -> None:
        self._job, self._transport, self._limit, self._stop = job, transport, limit, stop
        self._work: Work = work
        # Consistent: an item that was there when the scan began must not be missing because a replica lags.
        self._request = {
            "TableName": job.table,
            "Segment": segment,
            "TotalSegments": segments,
            "ConsistentRead": True,
            "ReturnConsumedCapacity": "TOTAL",
        }

    def pages(self, start: Key | None) -> Iterator[Page]:
        """All pages behind the key ``start``, the last one without a last key.

        Raises ``Stopped``, ``AccessDenied``, ``TableMissing``, ``Refused``, and ``Throttled`` or ``Unreachable`` if
        no page arrives for too long.
        """
        while True:
            page = self._read(start)
            yield page
            if page.last_key is None:
                return
            start = page.last_key

    def _read(self, start: Key | None) -> Page:
        request = self._request if start is None else self._request | {"ExclusiveStartKey": start}
        body = json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
        begun = time.monotonic()
        attempt = resigned = 0
        while True:
            reserved = self._limit.wait()
            response = self._ask(body)
            page = self._page(response, start)
            if isinstance(page, Page):
                self._limit.settle(reserved, _units(page))
                return page
            self._limit.give_back(reserved, throttled=page.category == "throttled")
            resigned = resigned + 1 if page.category == "clock_skew" else 0
            self._raise_if_pointless(page, response, resigned)
            if time.monotonic() - begun > self._job.stall_timeout_seconds:
                nothing_read = f"no item of {self._job.table} could be read"
                raise stalled_error(page, nothing_read, self._job.stall_timeout_seconds, work=self._work)
            self._stop.wait(backoff_seconds(attempt))
            attempt += 1

    def _ask(self, body: bytes) -> BulkResponse:
        self._transport.send(None, "Scan", body)
        while True:
            for _, response in self._transport.receive(_RECEIVE_SECONDS):
                return response
            if self._stop.is_set():
                raise Stopped

    def _page(self, response: BulkResponse, start: Key | None) -> Page | Classification:
        if response.status != 200:
            return classify_failure(response)
        try:
            page = cut_page(response, self._job.table, self._job.keys)
        except Unproven as error:
            return unproven(str(error))
        if page.last_key is not None and page.last_key == start:
            return unproven("the last key of the page before it")
        return page

    def _raise_if_pointless(self, result: Classification, response: BulkResponse, resigned: int) -> None:
        match result.category:
            case "throttled" | "retry" | "unproven":
                return
            case "credentials_expired":
                if not self._transport.renew_credentials(response.access_key):
                    raise expired_error(result, work=self._work)
            case "clock_skew":
                if resigned > _MAX_RESIGNED:
                    raise clock_error(result, work=self._work)
            case "table_missing" | "rejected" | "fatal" | "exists" | "read" | "written" | "unprocessed":
                raise fatal_error(result, f"scan {self._job.table}", "Scan", work=self._work)
            case _:
                assert_never(result.category)


def _units(page: Page) -> float:
    """What a page cost. A server that does not count, or counts too much, must not change the rate at will."""
    by_size = max(1.0, page.size_bytes / _BYTES_PER_UNIT)
    return min(page.read_units, 2 * max(by_size, UNITS_OF_A_FULL_PAGE)) or by_size
