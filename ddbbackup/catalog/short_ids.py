"""The backup that somebody means by an ID: a whole one, its beginning, or its last eight digits. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from ddbbackup.errors import NothingSelected, UsageError
from ddbbackup.model.backup_id import matching_ids
from ddbbackup.suggestions import closest

_SHOWN: Final = 10
_NEIGHBOURS: Final = 20  # of an unknown ID: a misspelled one sorts near the one that was meant


def choose_id(text: str, backup_ids: Sequence[str], *, of: str) -> str:
    """The ID that ``text`` means. ``of`` says whose backups these are: ``of orders in s3://vault/``.

    Raises ``NothingSelected`` with the nearest ID if there is none, and ``UsageError`` with the newest candidates if
    there are several.
    """
    found = sorted(set(matching_ids(text, backup_ids)), reverse=True)
    if not found:
        raise NothingSelected(f"there is no backup {text} {of}", hint=_nearest_id_hint(text, backup_ids))
    if len(found) > 1:
        shown = ", ".join(found[:_SHOWN])
        more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise UsageError(
            f"{text} is short for {len(found)} backups {of}: {shown}{more}", hint="pass more of the ID"
        )
    return found[0]


def _nearest_id_hint(text: str, backup_ids: Sequence[str]) -> str:
    """A hint with the ID that was probably meant. Compares few of them: there may be millions."""
    ids = sorted(set(backup_ids))
    place = bisect_left(ids, text)
    near = [*ids[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS]]
    near += [each for each in ids if each[-8:] == text[-8:]][-_NEIGHBOURS:]
    if match := closest(text, near):
        return f"use `{match}` instead"
    beginnings = {each[: len(text)]: each for each in near}
    if match := closest(text, beginnings):
        return f"use `{beginnings[match]}` instead"
    ends = {each[-8:]: each for each in ids[-1000:]}
    if len(text) == 8 and (match := closest(text, ends)):
        return f"use `{ends[match]}` instead"
    return "run `ddbbackup list` to see the backups"
