"""A preview as a pull request's comment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ddbbackup.model.assessment import Assessment
from ddbbackup.report.documents import preview as previews
from ddbbackup.report.documents.preview import Preview
from ddbbackup.report.documents.preview_facts import facts
from ddbbackup.report.documents.preview_text import kind_of
from ddbbackup.report.formatting import count, size
from ddbbackup.report.renderers.markdown import code, plain, table

_HEADS: Final = ("table", "items", "size", "time", "cost", "")


def markdown(preview: Preview) -> str:
    """Blocked steps first, so that a reviewer sees them; details folded away."""
    identity = preview.identity
    who = f"Account {code(identity.account)}, region {code(identity.region)}, as {code(identity.arn)}."
    parts = [
        f"### ddbbackup {plain(previews.title(preview))}",
        "\n".join(_blocked(preview)),
        _steps("backup", preview.backups),
        _steps("restore", preview.restores),
        "\n".join(_remarks(preview)),
        " ".join(map(plain, previews.estimate(preview))),
        _folded("Details", list(_details([*preview.backups, *preview.restores]))),
        _folded("Destinations", list(_destinations(preview))),
        who,
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def _steps(what: str, steps: Sequence[Assessment[Any]]) -> str:
    rows = [
        (
            kind_of(step) if step.kind != "restore" else code(step.step.removeprefix("restore ")),
            code(step.table),
            count(step.items),
            size(step.size_bytes),
            previews.time(step),
            plain(previews.money(step.cost)),
            "**blocked**" if step.blockers else "" if step.changes else "nothing to do",
        )
        for step in steps
    ]
    return table((what, *_HEADS), rows) if rows else ""


def _blocked(preview: Preview) -> Iterator[str]:
    for blocker, tables in previews.blockers([*preview.backups, *preview.restores]):
        yield f"- **blocked** {', '.join(map(code, tables))}: {plain(blocker.message)}  "
        yield f"  hint: {plain(blocker.hint)}"


def _remarks(preview: Preview) -> Iterator[str]:
    for step in (*preview.backups, *preview.restores):
        for said in step.warnings:
            yield f"- warning: {code(step.table)}: {plain(said)}"
    for said in (*previews.lost(preview), *preview.notes):
        yield f"- {plain(said)}"
    for each in preview.chosen:
        if not each.entry.startswith("name:"):
            listed = ", ".join(map(code, each.tables)) or "no table"
            yield f"- {code(each.entry)} chooses {len(each.tables)}: {listed}"
    for checks in (preview.destinations or {}).values():
        for check in checks:
            if check.state == "warning":
                yield f"- warning: {plain(check.subject)}: {plain(check.message)}"


def _details(steps: Sequence[Assessment[Any]]) -> Iterator[str]:
    for step in steps:
        yield f"- {plain(step.step)}: {plain(step.does)}"
        yield from (f"  - {plain(fact)}" for fact in facts(step))


def _destinations(preview: Preview) -> Iterator[str]:
    for checks in (preview.destinations or {}).values():
        for check in checks:
            yield f"- {plain(check.subject)}: {plain(check.name)}: **{check.state}**, {plain(check.message)}"


def _folded(heading: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f"<details><summary>{heading}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"
