"""Bulk data between data files and tables: streamed, in parallel, with every item accounted for.

Writing: ``write`` splits the files into units (``units``) and runs them in a ``worker_pool``. Each ``worker`` reads
units (``reader``), sends batches (``sender``) and reports through a pipe (``worker_messages``). ``responses`` decides
what an answer proves. ``ledger`` keeps the finished files, ``rejects`` the items that the table does not accept.

A full backup and the windows that follow it are written in one pass. ``index_windows`` reads the windows first and
fills ``changed_keys``; ``chain_lines`` then selects the final lines of each file.

Reading: ``point_lines`` hands the final lines of a restore point to those who search or compare them.

Scanning: ``scan`` reads a table into an export.

Proving: ``verify_listing`` finds the objects of all files (``find_files``). ``verify_data`` reads them, cut into
units (``verify_units``) that run in processes (``unit_engine``), and looks for keys that are there twice
(``key_digests``). ``sample`` takes some items out of files, and ``read_back`` compares them with the table.
"""

from ddbbackup.bulk.chain_sample import sample_chain
from ddbbackup.bulk.key_check import check_keys, read_first_line
from ddbbackup.bulk.ledger import open_ledger
from ddbbackup.bulk.matching_sample import sample_matching
from ddbbackup.bulk.read_back import compare_sample
from ddbbackup.bulk.sample import sample_items
from ddbbackup.bulk.write import write_items

__all__ = [
    "check_keys",
    "compare_sample",
    "open_ledger",
    "read_first_line",
    "sample_chain",
    "sample_items",
    "sample_matching",
    "write_items",
]
