"""Items that the table does not take: each is saved with AWS's reason, in private files, and counted by reason."""

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
_WORDS: Final = re.compile(r"([\s\[\]{}()<>\"',;:=]+)")


class Rejects:
    """The rejected items of one unit; its file is begun anew when the unit is done again."""

    def __init__(self, directory: Path, unit: int, file: str) -> None:
        self._path = directory / f"{unit}.jsonl"
        self._file = file
        self._path.unlink(missing_ok=True)
        self.reasons: Counter[str] = Counter()

    def add(self, line: bytes, reason: str) -> None:
        """Saves the line as it is (as text where it is not JSON) beside the reason."""
        self.reasons[without_values(reason, line)] += 1
        said: dict[str, Any] = {"reason": reason, "file": self._file}
        line = line.strip()
        try:
            json.loads(line)
            entry = json.dumps(said)[:-1].encode() + b', "line": ' + line + b"}\n"
        except (ValueError, RecursionError):
            text = line.decode("utf-8", "backslashreplace")
            entry = json.dumps(said | {"text": text}).encode() + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(entry)


def gather(directory: Path, target: Path) -> Path | None:
    """Puts the units' files together as ``target``; None, and no file, if nothing was rejected."""
    parts = sorted(directory.glob("*.jsonl"))
    if not parts:
        target.unlink(missing_ok=True)
        return None
    draft = target.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole)
        whole.flush()
        os.fsync(whole.fileno())
    draft.replace(target)
    return target


def without_values(reason: str, line: bytes) -> str:
    """AWS's reason without what it quotes of the item: reasons are logged, items never are."""
    try:
        values = set(_scalars(json.loads(line)))
    except (ValueError, RecursionError):
        return NOT_AN_ITEM
    for value in sorted(values, key=len, reverse=True):
        if _WORDS.search(value):
            reason = reason.replace(value, "…")
    return "".join("…" if word in values else word for word in _WORDS.split(reason))


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _scalars(each)
    elif isinstance(value, list):
        for each in value:
            yield from _scalars(each)
    elif isinstance(value, str) and value.strip():
        yield value
