"""Writes the differences of a comparison into the table, so that it equals the restore point: ``existing: mirror``.

``run`` reads the restore point again for the lines of the keys that differ (``index``), and hands each difference to
``item``: what is read, written and proven for one item, so that other writers lose nothing. ``driver`` sends the
requests of many items at a time, whose bodies and conditions ``requests`` makes.
"""

from ddbbackup.bulk.mirror.model import MirrorCounts
from ddbbackup.bulk.mirror.run import mirror_point

__all__ = ["MirrorCounts", "mirror_point"]
