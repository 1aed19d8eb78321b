"""From files to a plan, or to every problem of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from pathlib import Path

from ddbbackup.clock import SystemClock
from ddbbackup.errors import PlanInvalid
from ddbbackup.model.numbers import counted
from ddbbackup.plan.build import build
from ddbbackup.plan.document import Document, overlay
from ddbbackup.plan.interpolation import interpolate
from ddbbackup.plan.model import Plan
from ddbbackup.plan.rules import check_rules
from ddbbackup.plan.schema_problems import check_schema
from ddbbackup.plan.yaml_reader import read
from ddbbackup.problems import Problem

Read = Callable[[str | Path], tuple[Document | None, tuple[Problem, ...]]]
"""The document of one file, with its problems; None if it cannot be parsed at all."""


def load(paths: Sequence[str | Path], environ: Mapping[str, str], *, now: datetime | None = None) -> Plan:
    """The plan of one file, or of several, each laid over those before it.

    Times such as ``from: 2h`` are before ``now``, by default the current time. Raises ``PlanInvalid``, which
    carries every problem.
    """
    return load_with_document(paths, environ, now=now)[1]


def load_with_document(
    paths: Sequence[str | Path],
    environ: Mapping[str, str],
    *,
    now: datetime | None = None,
    read: Read = read,
) -> tuple[Document, Plan]:
    """The plan, and the document that it is built from, which knows where each value is written.

    ``read`` reads one file.
    """
    document, problems = _read_and_check(paths, environ, read)
    if len(problems) == 1 and problems[0].code == "no-file":
        raise PlanInvalid(
            problems[0].message, hint=problems[0].hint, problems=()
        )  # there is nothing to fix in it
    if document is None or problems:
        raise PlanInvalid(
            f"the plan {', '.join(map(str, paths))} has {counted(len(problems), 'problem')}",
            hint="fix the problems, then check the plan with `ddbbackup validate`",
            problems=problems,
        )
    return document, _build(document, paths, now)


def check(
    paths: Sequence[str | Path], environ: Mapping[str, str], *, now: datetime | None = None
) -> tuple[Plan | None, tuple[Problem, ...]]:
    """The plan, or None and all its problems, in the order of files and lines."""
    document, problems = _read_and_check(paths, environ, read)
    plan = None if document is None or problems else _build(document, paths, now)
    return plan, problems


def _build(document: Document, paths: Sequence[str | Path], now: datetime | None) -> Plan:
    return build(document.data, str(paths[0]), now=now or SystemClock().now())


def _read_and_check(
    paths: Sequence[str | Path], environ: Mapping[str, str], read: Read
) -> tuple[Document | None, tuple[Problem, ...]]:
    documents: list[Document] = []
    problems: list[Problem] = []
    for path in paths:
        document, problems_of_file = read(path)
        problems += problems_of_file
        if document is not None:
            documents.append(document)
    if len(documents) < len(paths):
        return None, _in_order(problems, paths)
    document, unset_variables = interpolate(reduce(overlay, documents), environ)
    problems += unset_variables
    return document, _in_order(problems_of(document, problems), paths)


def problems_of(document: Document, earlier: Sequence[Problem] = ()) -> list[Problem]:
    """What the schema and the rules find in an interpolated document, after the problems that are known already."""
    problems = list(earlier)
    # A later stage may depend on what an earlier one refused, so each path has the problems of one stage only.
    for stage in (check_schema, check_rules):
        refused = {problem.path for problem in problems}
        problems += [problem for problem in stage(document) if problem.path not in refused]
    return problems


def _in_order(problems: Iterable[Problem], paths: Sequence[str | Path]) -> tuple[Problem, ...]:
    files = [str(path) for path in paths]
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (files.index(problem.file), problem)))
