"""Compares a restore point with the live table, by value and in bounded memory, and makes the table equal to it.

``run`` reads both sides in parallel (``read``): the final lines of the restore point, and a scan of the table. Each
item becomes a record of its key and a digest of its canonical form, and goes to disk in partitions (``spill``). Then
one partition after the other is compared (``join``); the keys that differ are kept in a private folder.

``mirror`` writes the difference: the lines of these keys are read once more (``pick``), and each is put or deleted on
the condition that the item still is what was compared (``conditional``, ``write``).
"""

from ddbbackup.bulk.compare.model import CompareJob, Counts
from ddbbackup.bulk.compare.run import PointComparison, compare_point

__all__ = ["CompareJob", "Counts", "PointComparison", "compare_point"]
