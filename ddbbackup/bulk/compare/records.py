"""Items as records to compare: 16 bytes of digest of the canonical item, then the canonical key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ddbbackup.archive.canonical_lines import canonical_line, canonical_lines
from ddbbackup.archive.item_keys import ItemKeys
from ddbbackup.bulk.compare.model import DIGEST_BYTES
from ddbbackup.bulk.compare.spill import SpillWriter
from ddbbackup.model.checksums import crc32


@dataclass(frozen=True, slots=True)
class Added:
    """``invalid`` lines are no items with the key of the table; they have no record."""

    items: int
    invalid: int


def add_records(writer: SpillWriter, keys: ItemKeys, block: bytes, lines: Sequence[bytes]) -> Added:
    """Adds a record for each of ``lines``, which are those of ``block``, with newlines."""
    canonical: Sequence[bytes | None] | None = canonical_lines(block, lines)
    if canonical is None:
        canonical = list(map(canonical_line, lines))
    buckets, digest, size = writer.buckets, hashlib.blake2b, DIGEST_BYTES
    partitions = len(buckets)
    items = 0
    for key, line in zip(keys.of_block(block, lines), canonical, strict=True):
        if key is not None and line is not None:
            buckets[crc32(key, 0) % partitions].append(digest(line, digest_size=size).digest() + key)
            items += 1
    writer.added(items)
    return Added(items, len(lines) - items)
