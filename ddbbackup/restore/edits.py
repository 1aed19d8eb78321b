"""`change` of a restore: the edits of its items, and what identifies them."""

from __future__ import annotations

import hashlib

from ddbbackup.archive.item_edits import ItemEdits
from ddbbackup.plan.model import Change, Restore


def edits_of(restore: Restore) -> ItemEdits | None:
    change = restore.change
    if change is None:
        return None
    return ItemEdits(change.drop, change.hashed, change.assigned, change.key.encode("utf-8", "surrogatepass"))


def identify(change: Change) -> str:
    """The same text for the same paths and values. It says nothing about the key: with another one, the items that an
    earlier run wrote differ from those of this run, which the sample shows.
    """
    content = repr((change.drop, change.hashed, change.assigned))
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
