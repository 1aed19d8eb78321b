"""Each document has exactly the members that its schema describes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from ddbbackup.cli.verbs import VERBS, Verb
from ddbbackup.errors import AccessDenied, TableMissing
from ddbbackup.model.check import Check
from ddbbackup.model.report import Report
from ddbbackup.model.table_status import TableStatus
from ddbbackup.plan.schemas import schema_text
from ddbbackup.ports import Identity
from ddbbackup.pricing.prices import packaged
from ddbbackup.report.documents.demo import DemoCommand, DemoReport
from ddbbackup.report.documents.doctor import DoctorReport, doctor_report
from ddbbackup.report.documents.failure import Failure, failure
from ddbbackup.report.documents.init import StarterPlan
from ddbbackup.report.documents.list import BackupList, BackupRow
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.report.documents.policies import PlanPolicies
from ddbbackup.report.documents.preview import Preview, preview
from ddbbackup.report.documents.run_report import RunReport, run_report
from ddbbackup.report.documents.show import EffectivePlan, EffectiveValue
from ddbbackup.report.documents.status import PlanStatus, plan_status
from ddbbackup.report.documents.validate import ValidatedPlan, Validation
from ddbbackup.report.renderers import FORMS, json_documents, renderer

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
ERROR = AccessDenied("no AWS credentials found", hint="sign in")
IDENTITY = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/ci/x", "aws", "eu-west-1")

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


EXAMPLES: Mapping[str, Document] = {
    "init": StarterPlan("ddbbackup.yaml"),
    "problems": Validation((ValidatedPlan(("ddbbackup.yaml",), True, 1, 0),), ()),
    "show": EffectivePlan(
        ("ddbbackup.yaml",),
        (EffectiveValue("name", ("name",), "prod", None, "ddbbackup.yaml", 2, 7, by_default=False),),
    ),
    "preview": preview(plan="prod", run="4711", now=NOW, identity=IDENTITY, prices=packaged()),
    "report": run_report(Report("backup", "4711", "prod", "123456789012", "eu-west-1", NOW, NOW, ())),
    "status": plan_status(
        "prod", IDENTITY, [TableStatus("orders", "never", rpo_seconds=60)], [ERROR], now=NOW, exit_code=77
    ),
    "list": BackupList(
        "prod",
        (
            BackupRow(
                table="orders",
                account="123456789012",
                region="eu-west-1",
                backup="20261125T030000Z-0badcafe",
                state="complete",
                kind="full",
                run="4711",
                started_at=NOW,
                export_time=NOW,
                export_arn=None,
                items=1,
                size_bytes=2,
                bucket="acme-ddb-vault",
                prefix="ddb/orders/",
                failure=None,
            ),
        ),
    ),
    "doctor": doctor_report(
        "prod", [Check("clock", "skew", "problem", "5 minutes off", "set it", ERROR)], now=NOW
    ),
    "demo": DemoReport((DemoCommand("list", 0, None),), items=50, equal=True),
}


@pytest.mark.parametrize("verb", [verb for verb in VERBS.values() if verb.schema], ids=lambda verb: verb.name)
def test_every_form_of_a_verb_can_be_rendered(verb: Verb) -> None:
    """Its document, and an early failure; JSON matches the schema."""
    assert verb.schema is not None
    document = EXAMPLES[verb.schema]
    for form in verb.forms:
        renderer(form).render(document)
        renderer(form).render(failure(ERROR))
    Draft202012Validator(json.loads(schema_text(verb.schema))).validate(
        json.loads(json_documents.render(document))
    )


def test_the_exit_code_of_doctor_is_the_one_that_all_problems_share() -> None:
    """1 if they differ, 0 without problems."""
    denied = Check("tables", "selection", "problem", "x", "y", ERROR)
    missing = Check("tables", "selection", "problem", "x", "y", TableMissing("x", hint="y"))
    unknown = Check("quotas", "exports", "unknown", "x", "y")
    assert doctor_report("prod", [unknown], now=NOW).exit_code == 0
    assert doctor_report("prod", [denied, denied, unknown], now=NOW).exit_code == 77
    assert doctor_report("prod", [denied, missing], now=NOW).exit_code == 1
