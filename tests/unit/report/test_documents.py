"""Each document has exactly the members that its schema describes."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from ddbbackup.plan.schemas import schema_text
from ddbbackup.report.documents.demo import DemoReport
from ddbbackup.report.documents.doctor import DoctorReport
from ddbbackup.report.documents.failure import Failure
from ddbbackup.report.documents.init import StarterPlan
from ddbbackup.report.documents.list import BackupList
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.report.documents.policies import PlanPolicies
from ddbbackup.report.documents.preview import Preview
from ddbbackup.report.documents.run_report import RunReport
from ddbbackup.report.documents.show import EffectivePlan
from ddbbackup.report.documents.status import PlanStatus
from ddbbackup.report.documents.validate import Validation
from ddbbackup.report.renderers import FORMS, json_documents, renderer

DOCUMENTS = (
    StarterPlan,
    Validation,
    EffectivePlan,
    Preview,
    RunReport,
    PlanStatus,
    BackupList,
    DoctorReport,
    PlanPolicies,
    DemoReport,
    RunNotification,
    Failure,
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.__name__)
def test_a_document_has_the_members_of_its_schema(document: type) -> None:
    """All of them are required, and all documents are versioned."""
    schema = json.loads(schema_text(document.schema))  # type: ignore[attr-defined]  # every document has it
    members = {"format_version", *(field.name for field in fields(document))}
    assert set(schema["properties"]) == set(schema["required"]) == members
    assert schema["properties"]["format_version"] == {"const": json_documents.FORMAT_VERSION}


def test_every_form_has_a_renderer() -> None:
    """Each is a module of its own."""
    assert len({renderer(form) for form in FORMS}) == len(FORMS)
