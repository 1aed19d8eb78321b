"""`change` of a restore: the edits of its items, and what identifies them."""

from __future__ import annotations

import hashlib
from functools import cache

from ddbbackup.archive.item_edits import ItemEdits
from ddbbackup.plan.model import Change, Restore


def edits_of(restore: Restore) -> ItemEdits | None:
    change = restore.change
    if change is None:
        return None
    return ItemEdits(change.drop, change.hashed, change.assigned, _bytes(change.key))


def identify(change: Change) -> str:
    """The same text for the same paths, values and key: an interrupted restore is continued with no other change."""
    content = repr((change.drop, change.hashed, change.assigned, _identify_key(change.key)))
    return hashlib.sha256(_bytes(content)).hexdigest()[:16]


@cache
def _identify_key(key: str) -> str:
    """32 bits that are slow to compute, because they lie in the vault: they must not help to guess the key."""
    salt = b"ddbbackup: which key hashed the items"
    return hashlib.scrypt(_bytes(key), salt=salt, n=1 << 14, r=8, p=1, dklen=4).hex() if key else ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
