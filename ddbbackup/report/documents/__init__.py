"""One frozen document for each verb: exactly the members that its JSON Schema describes.

Every renderer reads documents and nothing else. ``schema`` names the schema of a document and tells the types of
the union apart, so that a renderer needs to import none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ddbbackup.report.documents.demo import DemoReport
    from ddbbackup.report.documents.diff import TableDifference
    from ddbbackup.report.documents.doctor import DoctorReport
    from ddbbackup.report.documents.failure import Failure
    from ddbbackup.report.documents.init import NewPlan
    from ddbbackup.report.documents.list import BackupList
    from ddbbackup.report.documents.notification import RunNotification
    from ddbbackup.report.documents.overview import Overview
    from ddbbackup.report.documents.policies import PlanPolicies
    from ddbbackup.report.documents.preview import Preview
    from ddbbackup.report.documents.restorable import Restorable
    from ddbbackup.report.documents.run_report import RunReport
    from ddbbackup.report.documents.show import EffectivePlan
    from ddbbackup.report.documents.status import StatusReport
    from ddbbackup.report.documents.validate import Validation

    Document: TypeAlias = (
        NewPlan
        | Validation
        | EffectivePlan
        | Preview
        | RunReport
        | StatusReport
        | BackupList
        | Restorable
        | TableDifference
        | DoctorReport
        | Overview
        | PlanPolicies
        | DemoReport
        | RunNotification
        | Failure
    )
