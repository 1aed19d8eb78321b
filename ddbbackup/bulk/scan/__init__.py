"""Scans a table into an export in S3, in the layout of AWS, for tables and servers that cannot export themselves.

``run`` cuts the table into segments and reads several of them at a time, each in a thread. A thread asks for pages
(``reader``), as fast as ``read_limit`` allows, cuts the items out of them as bytes (``page``), and writes them to a
data file (``data_file``), whose parts go to S3 as they are full. ``progress`` keeps what is finished in an object
beside the data, so that any machine can take up a scan that was killed.
"""

from ddbbackup.bulk.scan.model import ScanJob, ScanResult
from ddbbackup.bulk.scan.run import scan_table, segment_count

__all__ = ["ScanJob", "ScanResult", "scan_table", "segment_count"]
