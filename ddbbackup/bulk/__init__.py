"""Bulk data between data files and tables: streamed, in parallel, with every item accounted for.

Writing: ``write`` splits the files into units (``units``) and runs them in a ``worker_pool``. Each ``worker`` reads
units (``reader``), sends batches (``sender``) and reports through a pipe (``worker_messages``). ``ledger`` keeps the
finished units, ``rejects`` the items that the table does not accept. Verifying: ``verify`` reads every file once.
"""

from ddbbackup.bulk.sample import check_keys, read_first_line
from ddbbackup.bulk.verify import verify_files
from ddbbackup.bulk.write import write_items

__all__ = ["check_keys", "read_first_line", "verify_files", "write_items"]
