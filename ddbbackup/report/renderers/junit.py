"""JUnit XML for CI systems: one suite for a run, one case for each step or problem."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as Xml

from ddbbackup.errors import TimedOut
from ddbbackup.report.outcome_groups import is_running

if TYPE_CHECKING:
    from ddbbackup.problems import Problem
    from ddbbackup.report.documents import Document
    from ddbbackup.report.documents.failure import ErrorInfo, Failure
    from ddbbackup.report.documents.run_report import RunReport, StepOutcome

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(document: Document) -> str:
    match document.schema:
        case "problems":
            return _problems(document.problems)
        case "report":
            return _report(document)
        case "error":
            return _failure(document)
        case _:
            raise TypeError(f"{document.schema} has no JUnit form")


def _problems(problems: Sequence[Problem]) -> str:
    """One failed case for each problem; one passed case for a valid plan."""
    suite = _suite("ddbbackup validate")
    for problem in problems:
        case = _case(suite, "ddbbackup.validate", f"{problem.file}:{problem.line} {problem.path}".rstrip())
        case.set("file", _clean(problem.file))
        case.set("line", str(problem.line))
        text = f"{problem.file}:{problem.line}:{problem.column}: {problem.message}\nhint: {problem.hint}"
        _mark(case, "failure", problem.code, problem.message, text)
    if not problems:
        _case(suite, "ddbbackup.validate", "the plan is valid")
    return _document(suite)


def _report(report: RunReport) -> str:
    """One case for each step with its time, failed ones first; the facts are its output.

    A check of a destination is a case only if it failed.
    """
    suite = _suite(f"ddbbackup {report.verb} {report.plan}")
    suite.set("time", f"{report.seconds:.3f}")
    suite.set("timestamp", f"{report.started_at:%Y-%m-%dT%H:%M:%S}")
    properties = Xml.SubElement(suite, "properties")
    values = {
        "run": report.run,
        "plan": report.plan,
        "account": report.account,
        "region": report.region,
        "exit_code": str(report.exit_code),
    }
    for name, value in values.items():
        Xml.SubElement(properties, "property", name=name, value=_clean(value))
    for outcome in sorted(report.table_outcomes, key=_urgency):
        _step(suite, outcome)
    return _document(suite)


def _failure(failure: Failure) -> str:
    if failure.problems:
        return _problems(failure.problems)
    suite = _suite("ddbbackup")
    case = _case(suite, "ddbbackup", "run")
    if failure.error.exit_code == TimedOut.exit_code:
        Xml.SubElement(
            case, "skipped", message=_clean(f"{failure.error.message}; hint: {failure.error.hint}")
        )
    else:
        _mark_error(case, "error", failure.error)
    return _document(suite)


def _urgency(outcome: StepOutcome) -> int:
    """Failed, running, skipped, done."""
    if outcome.error is not None:
        return 1 if is_running(outcome) else 0
    return 2 if outcome.status == "skipped" else 3


def _step(suite: Xml.Element, outcome: StepOutcome) -> None:
    case = _case(suite, f"ddbbackup.{outcome.kind}", outcome.table)
    case.set("time", f"{outcome.seconds:.3f}")
    if outcome.error is not None and is_running(outcome):
        text = f"still running: {outcome.error.message}; hint: {outcome.error.hint}"
        Xml.SubElement(case, "skipped", message=_clean(text))
    elif outcome.error is not None:
        _mark_error(case, "failure", outcome.error)
    elif outcome.status == "skipped":
        Xml.SubElement(case, "skipped", message=_clean(f"{outcome.facts.get('because')} failed"))
    facts = [f"{name}: {_fact(value)}" for name, value in outcome.facts.items() if value is not None]
    if facts:
        Xml.SubElement(case, "system-out").text = _clean("\n".join(facts))


def _fact(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _suite(name: str) -> Xml.Element:
    return Xml.Element("testsuite", name=_clean(name))


def _case(suite: Xml.Element, classname: str, name: str) -> Xml.Element:
    return Xml.SubElement(suite, "testcase", classname=classname, name=_clean(name))


def _mark_error(case: Xml.Element, tag: str, error: ErrorInfo) -> None:
    _mark(case, tag, error.kind, error.message, f"{error.message}\nhint: {error.hint}")


def _mark(case: Xml.Element, tag: str, kind: str, message: str, text: str) -> None:
    Xml.SubElement(case, tag, type=kind, message=_clean(message)).text = _clean(text)


def _document(suite: Xml.Element) -> str:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for plural, one in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        suite.set(plural, str(len(suite.findall(f"testcase/{one}"))))
    suites = Xml.Element("testsuites", name="ddbbackup")
    suites.append(suite)
    Xml.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(suites, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    """Replaces the characters that XML 1.0 does not allow."""
    return _NOT_XML.sub("\ufffd", text)
