"""JUnit's XML, as CI systems read it: a suite a run, a case a step or a problem."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as Xml

if TYPE_CHECKING:
    from ddbbackup.errors import DdbBackupError
    from ddbbackup.model.outcome import Outcome
    from ddbbackup.model.report import Report
    from ddbbackup.problems import Problem

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def problems(found: Sequence[Problem]) -> str:
    """A case a problem, each failed; one that passed for a valid plan."""
    suite = _suite("ddbbackup validate")
    for problem in found:
        case = _case(suite, "ddbbackup.validate", f"{problem.file}:{problem.line} {problem.path}".rstrip())
        case.set("file", _clean(problem.file))
        case.set("line", str(problem.line))
        text = f"{problem.file}:{problem.line}:{problem.column}: {problem.message}\nhint: {problem.hint}"
        _mark(case, "failure", problem.code, problem.message, text)
    if not found:
        _case(suite, "ddbbackup.validate", "the plan is valid")
    return _finish(suite)


def outcomes(report: Report) -> str:
    """A case a step, with its time; its facts are what it printed."""
    suite = _suite(f"ddbbackup {report.verb} {report.plan}")
    suite.set("time", f"{report.seconds:.3f}")
    suite.set("timestamp", f"{report.started_at:%Y-%m-%dT%H:%M:%S}")
    properties = Xml.SubElement(suite, "properties")
    for name, value in {"run": report.run, "plan": report.plan, "exit_code": str(report.exit_code)}.items():
        Xml.SubElement(properties, "property", name=name, value=_clean(value))
    for outcome in report.outcomes:
        _step(suite, outcome)
    return _finish(suite)


def failure(error: DdbBackupError) -> str:
    """One case in error, or the problems of an invalid plan."""
    found = getattr(error, "problems", ())
    if found:
        return problems(found)
    suite = _suite("ddbbackup")
    case = _case(suite, "ddbbackup", "run")
    _mark(case, "error", type(error).__name__, error.message, f"{error.message}\nhint: {error.hint}")
    return _finish(suite)


def _step(suite: Xml.Element, outcome: Outcome) -> None:
    case = _case(suite, f"ddbbackup.{outcome.kind}", outcome.table)
    case.set("time", f"{outcome.seconds:.3f}")
    if outcome.error is not None:
        error = outcome.error
        _mark(case, "failure", type(error).__name__, error.message, f"{error.message}\nhint: {error.hint}")
    elif outcome.status == "skipped":
        Xml.SubElement(case, "skipped", message=_clean(f"{outcome.facts.get('because')} failed"))
    if outcome.facts:
        lines = "\n".join(f"{name}: {value}" for name, value in outcome.facts.items())
        Xml.SubElement(case, "system-out").text = _clean(lines)


def _suite(name: str) -> Xml.Element:
    return Xml.Element("testsuite", name=_clean(name))


def _case(suite: Xml.Element, classname: str, name: str) -> Xml.Element:
    return Xml.SubElement(suite, "testcase", classname=classname, name=_clean(name))


def _mark(case: Xml.Element, how: str, kind: str, message: str, text: str) -> None:
    Xml.SubElement(case, how, type=kind, message=_clean(message)).text = _clean(text)


def _finish(suite: Xml.Element) -> str:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for plural, one in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        suite.set(plural, str(len(suite.findall(f"testcase/{one}"))))
    suites = Xml.Element("testsuites", name="ddbbackup")
    suites.append(suite)
    Xml.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(suites, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
