"""Each document has exactly the members that its schema describes."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from jsonschema import Draft202012Validator

from ddbbackup.cli.verbs import VERBS, Verb
from ddbbackup.errors import TableMissing
from ddbbackup.model.check import Check
from ddbbackup.plan.schemas import schema_text
from ddbbackup.report.documents.demo import DemoReport
from ddbbackup.report.documents.doctor import DoctorReport, doctor_report
from ddbbackup.report.documents.failure import Failure, failure
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
from ddbbackup.report.renderers import FORMS, json_documents, render, renderer
from ddbbackup.report.renderers.view import View
from tests.support.documents import ERROR, EXAMPLES, NOW

DOCUMENTS = (
    NewPlan,
    Validation,
    EffectivePlan,
    Preview,
    RunReport,
    StatusReport,
    BackupList,
    Restorable,
    DoctorReport,
    PlanPolicies,
    DemoReport,
    RunNotification,
    Overview,
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


@pytest.mark.parametrize("verb", [verb for verb in VERBS.values() if verb.schema], ids=lambda verb: verb.name)
def test_every_form_of_a_verb_can_be_rendered(verb: Verb) -> None:
    """Its document, and an early failure; JSON matches the schema."""
    assert verb.schema is not None
    document = EXAMPLES[verb.schema]
    for form in verb.forms:
        render(document, form)
    for form in verb.forms + verb.other_forms:
        render(failure(ERROR), form)
    Draft202012Validator(json.loads(schema_text(verb.schema))).validate(json.loads(render(document, "json")))


def test_the_exit_code_of_doctor_is_the_one_that_all_problems_share() -> None:
    """1 if they differ, 0 without problems."""
    denied = Check("tables", "selection", "problem", "x", "y", ERROR)
    missing = Check("tables", "selection", "problem", "x", "y", TableMissing("x", hint="y"))
    unknown = Check("quotas", "exports", "unknown", "x", "y")
    assert doctor_report("prod", [unknown], now=NOW).exit_code == 0
    assert doctor_report("prod", [denied, denied, unknown], now=NOW).exit_code == 77
    assert doctor_report("prod", [denied, missing], now=NOW).exit_code == 1


def test_what_doctor_leaves_out_is_counted_by_what_it_is_about() -> None:
    """Not by paragraphs: tables that have the same problem share one."""
    checks = [Check(f"table t{n}", "recovery", "problem", f"problem {n // 3}", "-", ERROR) for n in range(90)]
    text = render(doctor_report("prod", checks, now=NOW), "text", View(width=80, lines=24))
    named = sum(line.count(",") + 1 for line in text.splitlines() if line.startswith("table "))
    assert 0 < named < 90
    assert "0 subjects" not in text
    assert f"… {90 - named} more subjects with problems (-v shows all)\n" in text
