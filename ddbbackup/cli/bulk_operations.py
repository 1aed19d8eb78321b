"""The bulk operations of a run, with what they need of it: access to AWS, progress, and the signal to stop."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from ddbbackup.aws import AwsCloud
from ddbbackup.aws.bulk_access import AwsBulkAccess
from ddbbackup.bulk import compare_sample, write_items
from ddbbackup.bulk.compare import CompareJob, PointComparison, compare_point
from ddbbackup.bulk.ledger import Ledger
from ddbbackup.bulk.model import SampledItem, WriteJob, WriteResult
from ddbbackup.bulk.read_back import Comparison
from ddbbackup.bulk.scan import ScanJob, ScanResult, scan_table
from ddbbackup.bulk.verify_data import VerifiedData, VerifyJob, verify_data
from ddbbackup.errors import Bug
from ddbbackup.model.progress import OnProgress
from ddbbackup.ports import Cloud, KeyAttribute


@dataclass(frozen=True, slots=True)
class BulkOperations:
    """Each method is one of the Protocols of ``steps/context.py``. All of them block."""

    cloud: AwsCloud
    on_progress: OnProgress
    stop: threading.Event

    def write(self, job: WriteJob, *, ledger: Ledger, target: Cloud, source: Cloud) -> WriteResult:
        access = bulk_access(target, source)
        return write_items(job, access=access, ledger=ledger, on_progress=self.on_progress, stop=self.stop)

    def verify(self, job: VerifyJob, *, source: Cloud) -> VerifiedData:
        access = bulk_access(source, source)
        return verify_data(job, access=access, on_progress=self.on_progress, stop=self.stop)

    def scan(self, job: ScanJob, *, source: Cloud) -> ScanResult:
        access = bulk_access(source, source)
        return scan_table(job, access=access, on_progress=self.on_progress, stop=self.stop)

    def compare_point(self, job: CompareJob, *, target: Cloud, source: Cloud) -> PointComparison:
        access = bulk_access(target, source)
        return compare_point(job, access=access, on_progress=self.on_progress, stop=self.stop)

    def compare_sample(
        self, table: str, keys: Sequence[KeyAttribute], sample: Sequence[SampledItem], *, target: Cloud
    ) -> Comparison:
        return compare_sample(bulk_access(target, self.cloud), table, keys, sample, stop=self.stop)


def bulk_access(target: Cloud, source: Cloud) -> AwsBulkAccess:
    """To a table in ``target`` and to objects in ``source``."""
    if not (isinstance(target, AwsCloud) and isinstance(source, AwsCloud)):
        raise Bug("a target or a source is not AWS")
    return AwsBulkAccess(target=target.connection, source=source.connection)
