"""Plain text for people at a terminal: one module for each family of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from ddbbackup.report.renderers import json_documents
from ddbbackup.report.renderers.annotated_yaml import annotated_yaml
from ddbbackup.report.renderers.text import catalog, diff, doctor, overview, plans, preview, runs, status
from ddbbackup.report.renderers.view import PLAIN
from ddbbackup.report.renderers.wrapping import wrapped

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document
    from ddbbackup.report.renderers.view import View

_OTHER_FORMATS: Final = ("show", "policies")
"""YAML and JSON: a line that is broken means something else."""


def render(document: Document, view: View = PLAIN) -> str:
    text = _text(document, view)
    return text if document.schema in _OTHER_FORMATS else wrapped(text, view)


def _text(document: Document, view: View) -> str:  # noqa: PLR0912 - a table, checked by mypy
    match document.schema:
        case "init":
            return plans.new_plan(document)
        case "problems":
            return plans.validation(document, view)
        case "show":
            return annotated_yaml(document)
        case "preview":
            return preview.preview(document, view)
        case "report":
            return runs.report(document, view)
        case "status":
            return status.status(document, view)
        case "list":
            return catalog.backups(document, view)
        case "restorable":
            return catalog.restorable(document, view)
        case "overview":
            return overview.overview(document, view)
        case "diff":
            return diff.difference(document, view)
        case "doctor":
            return doctor.doctor(document, view)
        case "policies":
            return json_documents.render(document)
        case "demo":
            return ""  # the demo prints as it goes
        case "notification":
            return runs.notification(document, view)
        case "error":
            return plans.failure(document, view)
        case _:
            assert_never(document)
