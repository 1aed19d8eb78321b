"""The whole way from files to a plan, with every problem on it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path as File

from ddbbackup.errors import PlanInvalid
from ddbbackup.plan.build import build
from ddbbackup.plan.document import Document, overlay
from ddbbackup.plan.interpolation import interpolate
from ddbbackup.plan.model import Plan
from ddbbackup.plan.rules import rule_problems
from ddbbackup.plan.schema_problems import shape_problems
from ddbbackup.plan.yaml_reader import read
from ddbbackup.problems import Problem


def load(paths: Sequence[str | File], environ: Mapping[str, str]) -> Plan:
    """The plan of one file, or of several with each laid over those before it.

    Raises ``PlanInvalid``, which carries every problem.
    """
    return explain(paths, environ)[1]


def explain(paths: Sequence[str | File], environ: Mapping[str, str]) -> tuple[Document, Plan]:
    """The same, with the document that it was built from: what each value is and where it was written."""
    document, plan, problems = _examine(paths, environ)
    if document is None or plan is None:
        number = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        names = ", ".join(str(path) for path in paths)
        raise PlanInvalid(
            f"the plan {names} has {number}, so nothing was done",
            hint="mend the plan; `ddbbackup validate` shows what is wrong with it at any time",
            problems=problems,
        )
    return document, plan


def check(paths: Sequence[str | File], environ: Mapping[str, str]) -> tuple[Plan | None, tuple[Problem, ...]]:
    """The plan, or else all its problems in the order of files and lines."""
    return _examine(paths, environ)[1:]


def _examine(
    paths: Sequence[str | File], environ: Mapping[str, str]
) -> tuple[Document | None, Plan | None, tuple[Problem, ...]]:
    whole: Document | None = None
    problems: list[Problem] = []
    for path in paths:
        document, found = read(path)
        problems += found
        if document is not None:
            whole = document if whole is None else overlay(whole, document)
    if whole is not None and not any(problem.path == "" for problem in problems):
        filled, found = interpolate(whole, environ)
        problems += found
        # Of a place that is known to be wrong nothing more is said: a rule may rest on what the schema asks.
        for stage in (shape_problems, rule_problems):
            wrong = {(problem.file, problem.line, problem.column) for problem in problems}
            problems += [p for p in stage(filled) if (p.file, p.line, p.column) not in wrong]
        if not problems:
            return filled, build(filled.data, str(paths[0])), ()
    problems = _causes_only(problems)
    order = {str(path): number for number, path in enumerate(paths)}
    unique = dict.fromkeys(problems)
    ordered = sorted(unique, key=lambda p: (order.get(p.file, 0), p.line, p.column, p.code))
    return None, None, tuple(ordered)


def _causes_only(problems: Sequence[Problem]) -> list[Problem]:
    """Without "`tables` is missing" where "unknown key `tabels`" has said it already."""
    meant = {
        (problem.path.rpartition(".")[0], found[1])
        for problem in problems
        if problem.code == "unknown-key" and (found := re.match(r"did you mean `(.+)`", problem.hint))
    }

    def follows(problem: Problem) -> bool:
        if problem.code == "missing-key":
            return (problem.path, problem.message.split("`")[1]) in meant
        if problem.code == "nothing-to-do":
            return ("", "tables") in meant or ("", "restores") in meant
        return problem.code == "one-of" and any(
            (problem.path, key) in meant
            for key in ("name", "match", "tags", "ping", "slack", "sns", "webhook")
        )

    return [problem for problem in problems if not follows(problem)]
