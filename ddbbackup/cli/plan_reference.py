"""``--against``: the plan of a git commit, or of a second file, that the plan is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ddbbackup.cli.git_files import commit_of, read_file
from ddbbackup.cli.plan_secrets import add_secrets_of_plan
from ddbbackup.errors import PlanInvalid, UsageError
from ddbbackup.plan.document import Document
from ddbbackup.plan.load import load_with_document
from ddbbackup.plan.model import Plan
from ddbbackup.plan.yaml_reader import parse_bytes
from ddbbackup.problems import STDIN, Problem
from ddbbackup.safe_text import SECRETS


@dataclass(frozen=True, slots=True)
class Reference:
    """``plan`` and ``document`` are None if the commit has none of the files of the plan.

    ``commit`` is None for a second file. ``missing`` are the files that the commit does not have. ``problems`` are
    those of the plan of a commit, which is None then, too.
    """

    name: str
    commit: str | None
    plan: Plan | None
    document: Document | None
    missing: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def load_reference(
    against: str, files: Sequence[str], environ: Mapping[str, str], *, now: datetime
) -> Reference:
    """``against`` is a file if there is one of this name, otherwise a commit, which has the same ``files``.

    Raises ``PlanInvalid`` for a file, ``UsageError`` and ``Refused``.
    """
    if Path(against).is_file():
        return _of_file(against, environ, now)
    if STDIN in files:
        raise UsageError(
            f"the plan comes from stdin, so its file in {against} is not known",
            hint="name the plan with -f FILE, or name a plan file after --against",
        )
    commit = commit_of(against, Path(files[0]).resolve().parent)
    found = {file: read_file(commit, Path(file)) for file in files}
    missing = tuple(file for file in files if found[file] is None)
    contents = {f"{against}:{file}": content for file, content in found.items() if content is not None}
    if not contents:
        return Reference(against, commit, None, None, missing)

    def read(name: str | Path) -> tuple[Document | None, tuple[Problem, ...]]:
        return parse_bytes(contents[str(name)], str(name))

    try:
        document, plan = load_with_document(list(contents), environ, now=now, read=read)
    except PlanInvalid as error:
        return Reference(against, commit, None, None, missing, error.problems)
    add_secrets_of_plan(SECRETS, plan)
    return Reference(against, commit, plan, document, missing)


def _of_file(against: str, environ: Mapping[str, str], now: datetime) -> Reference:
    try:
        document, plan = load_with_document([against], environ, now=now)
    except PlanInvalid as error:
        raise PlanInvalid(
            f"the plan of {against} is invalid, so this plan cannot be compared with it",
            hint="compare it with a valid plan, or run `ddbbackup preview` without --against",
            problems=error.problems,
        ) from None
    add_secrets_of_plan(SECRETS, plan)
    return Reference(against, None, plan, document)
