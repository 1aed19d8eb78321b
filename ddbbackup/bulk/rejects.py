"""Items that the table does not accept: saved with AWS's reason in private files, and counted by reason."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

NOT_AN_ITEM: Final = "the line is not an exported item"
_SEPARATORS: Final = re.compile(r"([\s\[\]{}()<>\"',;:=]+)")


class Rejects:
    """The rejected items of one unit. The file starts empty, because an interrupted unit is repeated."""

    def __init__(self, directory: Path, unit: int, file: str) -> None:
        self._path = directory / f"{unit}.jsonl"
        self._file = file
        self._path.unlink(missing_ok=True)
        self.reasons: Counter[str] = Counter()

    def add(self, line: bytes, reason: str) -> None:
        """Saves the reason and the line: unchanged as ``line``, or as ``text`` if it is not JSON."""
        self.reasons[redact(reason, line)] += 1
        entry: dict[str, Any] = {"reason": reason, "file": self._file}
        line = line.strip()
        try:
            json.loads(line)
            encoded = json.dumps(entry)[:-1].encode() + b', "line": ' + line + b"}\n"
        except (ValueError, RecursionError):
            text = line.decode("utf-8", "backslashreplace")
            encoded = json.dumps(entry | {"text": text}).encode() + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(encoded)


def merge_rejects(directory: Path, target: Path) -> Path | None:
    """Merges the files of all units into ``target``; None, and no file, if nothing was rejected."""
    parts = sorted(directory.glob("*.jsonl"))
    if not parts:
        target.unlink(missing_ok=True)
        return None
    draft = target.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as merged:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, merged)
        merged.flush()
        os.fsync(merged.fileno())
    draft.replace(target)
    return target


def redact(reason: str, line: bytes) -> str:
    """The reason without the values that AWS quotes from the item: reasons are logged, item data never is."""
    try:
        values = set(_strings(json.loads(line)))
    except (ValueError, RecursionError):
        return NOT_AN_ITEM
    for value in sorted(values, key=len, reverse=True):
        if _SEPARATORS.search(value):
            reason = reason.replace(value, "…")
    return "".join("…" if word in values else word for word in _SEPARATORS.split(reason))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, str) and value.strip():
        yield value
