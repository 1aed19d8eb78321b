"""Bulk data between data files and tables: streamed, in parallel, and every item accounted for."""

from ddbbackup.bulk.sample import check_keys, peek_line
from ddbbackup.bulk.verify import verify_files
from ddbbackup.bulk.write import write_items

__all__ = ["check_keys", "peek_line", "verify_files", "write_items"]
