"""Compares a restore point with the live table, by value and in bounded memory.

``run`` reads both sides in parallel (``read``): the final lines of the restore point, and a scan of the table. Each
item becomes a record of its key and a digest of its canonical form (``records``), and goes to disk in partitions
(``spill``). Then one partition after the other is compared (``join``); the keys that differ are kept in a private
folder.
"""

from ddbbackup.bulk.compare.model import CompareJob, Counts
from ddbbackup.bulk.compare.run import PointComparison, compare_point

__all__ = ["CompareJob", "Counts", "PointComparison", "compare_point"]
