"""The laws that hold after every scenario, whatever was broken in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from tests.faults.model import Violation
from tests.support.aws_proxy import Request
from tests.support.receiver import Request as ReceivedRequest

EXIT_CODES: Final = frozenset({0, 1, 3, 5, 65, 69, 75, 77})
STATUS_EXIT_CODES: Final = EXIT_CODES | {4}  # a backup older than its RPO
SECRET_MARK: Final = "s3cr3t-Zq81"
"""Part of every secret of the scenarios: keys, tokens, passwords, external ids."""
ITEM_MARK: Final = "item-value-Zq82"
"""Part of every item of the scenarios."""

MEMORY_BYTES: Final = 400 << 20
"""For the few kilobytes of data of the scenarios: what hostile documents may make a run take."""

_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


@dataclass(frozen=True)
class Run:
    """One run of the program. ``code`` is None if it did not end; ``files`` are the reports that it wrote."""

    arguments: tuple[str, ...]
    code: int | None
    out: str
    err: str
    seconds: float
    stopped: bool = False  # killed or signalled by the scenario
    mute: bool = False  # its streams are broken
    peak_bytes: int = 0  # resident memory, 0 if not measured
    files: dict[str, str] = field(default_factory=dict)

    @property
    def verb(self) -> str:
        return self.arguments[0]

    @property
    def report(self) -> dict[str, Any]:
        return dict(json.loads(self.out))

    def __str__(self) -> str:
        lines = (
            self.out.splitlines()[:3]
            + [line for line in self.err.splitlines() if not line.startswith("{")][-4:]
        )
        said = " | ".join(lines)[:400]
        words = " ".join(word for word in self.arguments if "=report." not in word and word != "--output")
        return f"`{words}` exit {self.code} after {self.seconds:.1f} s: {ascii(said)[1:-1]}"


def check_run(run: Run, codes: Sequence[int] = ()) -> Iterator[Violation]:
    """The laws of one run: how it may end (also with ``codes``) and what it may print."""
    printed = {"stdout": run.out, "stderr": run.err, **run.files}
    allowed = STATUS_EXIT_CODES if run.verb == "status" else EXIT_CODES
    if run.code is None:
        yield Violation("ends", f"still running after {run.seconds:.0f} s: {run}")
    elif not run.stopped and run.code not in {*allowed, *codes}:
        yield Violation(f"exit code {run.code}", str(run))
    elif run.code in (1, 5) and not run.mute and not any(map(_gives_a_reason, (run.out, run.err))):
        yield Violation(f"exit code {run.code} without a reason", str(run))
    if run.peak_bytes > MEMORY_BYTES:
        yield Violation("memory is bounded", f"{run.peak_bytes >> 20} MiB: {run}")
    for where, text in printed.items():
        if "Traceback (most recent call last)" in text or "Exception ignored" in text:
            yield Violation("traceback", f"{where} of {run}: {text[text.find('Traceback') :][-600:]}")
        for mark, what in ((SECRET_MARK, "secret printed"), (ITEM_MARK, "item value printed")):
            if mark in text:
                at = text.find(mark)
                yield Violation(
                    what, f"{where} of `{' '.join(run.arguments)}`: …{text[max(0, at - 160) : at + 40]}"
                )
        if found := _CONTROL.search(text):
            at = found.start()
            yield Violation(
                "control character printed",
                f"{where} of `{' '.join(run.arguments)}`: {text[max(0, at - 80) : at + 20]!a}",
            )


def _gives_a_reason(text: str) -> bool:
    return "hint" in text or "Hint" in text


def check_received(requests: Iterable[ReceivedRequest]) -> Iterator[Violation]:
    """Notifications hold no secret and no item. A password of an address may become an Authorization header."""
    for request in requests:
        text = request.path + request.body.decode("utf-8", "replace")
        for mark, what in ((SECRET_MARK, "secret sent"), (ITEM_MARK, "item value sent")):
            if mark in text:
                yield Violation(what, f"{request.method} {text[:300]}")


_READS: Final = ("Describe", "List", "Get", "Head", "Scan", "Query", "BatchGet", "Assume")


def check_writes(
    requests: Iterable[Request], *, tables: frozenset[str], buckets: frozenset[str], prefix: str
) -> Iterator[Violation]:
    """No write names a table or a bucket that the plan does not, or a key outside of the destination's prefix."""
    for request in requests:
        if request.operation.startswith(_READS):
            continue
        if request.service == "s3":
            bucket, _ = request.key
            for key in request.keys:
                if bucket not in buckets or not key.startswith(prefix):
                    yield Violation(
                        "write outside the plan", f"{request.operation} s3://{bucket}/{key[:120]}"
                    )
        elif request.service == "dynamodb":
            named = dict(_targets(json.loads(request.body)))
            for member, value in named.items():
                if member in _PREFIXES:
                    inside = value.startswith(prefix.rstrip("/"))
                else:
                    inside = value in (buckets if "Bucket" in member else tables)
                if not inside:
                    yield Violation("write outside the plan", f"{request.operation} {member}={value[:120]}")


_PREFIXES: Final = {"S3Prefix", "S3KeyPrefix"}
_BY_NAME: Final = {"TableName", "TargetTableName", "SourceTableName", "S3Bucket", "Bucket"}
_BY_ARN: Final = {"TableArn", "ResourceArn", "SourceTableArn"}


def _targets(body: Any) -> Iterator[tuple[str, str]]:
    """Members that say where a write goes, with the table's name for ARNs. Items are not looked into."""
    if not isinstance(body, dict):
        return
    for name, value in body.items():
        if name in _PREFIXES and isinstance(value, str):
            yield name, value
        elif name == "RequestItems":
            yield from (("RequestItems", table) for table in value)
        elif name in _BY_NAME and isinstance(value, str):
            yield name, value.rpartition("/")[2] if value.startswith("arn:") else value
        elif name in _BY_ARN and isinstance(value, str):
            yield name, unquote(value.partition(":table/")[2].partition("/")[0] or value)
        elif name not in ("Item", "Key") and isinstance(value, dict):
            yield from _targets(value)
        elif name == "TransactItems":
            for each in value:
                yield from _targets(each)
