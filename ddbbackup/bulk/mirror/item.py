"""What is read, written and proven for one item. Pure: generators yield requests and get the answers.

An item is written only if it still is what the comparison saw, so other writers lose nothing:

- An item that differs is read again, consistently. If it is another one than the comparison saw, it is left.
- Its put or delete has a condition on every attribute that was read. A condition cannot see an attribute that was
  added since, but the response holds the item that was replaced. If it had more, it is put back, and left.
- At the end the item is read once more. If others have written it, it counts as left.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ddbbackup.archive.canonical_lines import canonical_line
from ddbbackup.bulk.compare.model import DIGEST_BYTES, Difference

Item = Mapping[str, Any]

_NO_ITEM: Final = b""
_PUT_BACK_AT_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class Read:
    """Answered with the item."""

    key: Item


@dataclass(frozen=True, slots=True)
class Write:
    """Put ``item``, or delete it if that is None, if the table holds ``expected``. Answered with what it replaced."""

    key: Item
    expected: Item | None
    item: Item | None


@dataclass(frozen=True, slots=True)
class Answer:
    """``done``: false if the condition of a write failed. ``doubtful``: an earlier response to the write was lost."""

    item: Item | None
    done: bool = True
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    outcome: Literal["written", "deleted", "left"]
    doubtful: bool = False


Steps = Generator[Read | Write, Answer, Result]


def mirror_item(difference: Difference, key: Item, wanted: Item | None) -> Steps:
    """``wanted`` is the item of the restore point; None for one that it does not hold."""
    before: Item | None = None
    done = Result("deleted" if wanted is None else "written")
    if difference.kind != "missing":
        before = (yield Read(key)).item
        seen = digest_of_item(before)
        if seen == difference.point:
            return done
        if seen != difference.live:
            return Result("left")
    answer = yield Write(key, before, wanted)
    if answer.done and digest_of_item(answer.item) != difference.live:
        yield from _put_back(key, wanted, answer.item)
        return Result("left")
    after = (yield Read(key)).item
    if digest_of_item(after) != difference.point:
        return Result("left")
    return Result(done.outcome, doubtful=answer.doubtful and not answer.done)


def _put_back(key: Item, ours: Item | None, theirs: Item | None) -> Generator[Read | Write, Answer, None]:
    """Another writer's item, instead of ours, unless somebody has written over ours: then theirs is newer."""
    for _ in range(_PUT_BACK_AT_MOST):
        answer = yield Write(key, ours, theirs)
        if not answer.done or digest_of_item(answer.item) == digest_of_item(ours):
            return
        added = {name: value for name, value in (answer.item or {}).items() if name not in (ours or {})}
        ours, theirs = theirs, {**(theirs or {}), **added}


def digest_of_item(item: Item | None) -> bytes:
    """That of the comparison; empty for no item. Also for an item that a server should not have sent: a digest of
    none.
    """
    return _NO_ITEM if item is None else digest_of_line(json.dumps({"Item": item}).encode() + b"\n") or b"?"


def digest_of_line(line: bytes) -> bytes | None:
    """The digest of one line ``{"Item":{…}}``; None if it is not one."""
    canonical = canonical_line(line.rstrip(b"\n"))
    return None if canonical is None else hashlib.blake2b(canonical, digest_size=DIGEST_BYTES).digest()
