"""A preview for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ddbbackup.model.assessment import Assessment
from ddbbackup.report.documents import preview as previews
from ddbbackup.report.documents.preview import Preview
from ddbbackup.report.documents.preview_facts import facts
from ddbbackup.report.formatting import count, size
from ddbbackup.report.renderers.text import aligned

_BACKUPS: Final = ("BACKUP", "KIND", "LAST BACKUP", "ITEMS", "SIZE", "TIME", "COST", "")
_RESTORES: Final = ("RESTORE", "INTO", "BACKUP", "ITEMS", "SIZE", "TIME", "COST", "")


def text(preview: Preview) -> str:
    """A table of steps, then everything that somebody should know before the run."""
    identity = preview.identity
    paragraphs = [
        [
            previews.title(preview),
            f"account {identity.account}, region {identity.region}, as {identity.arn}",
        ],
        _backups(preview.backups),
        _restores(preview.restores),
        list(_details(preview.restores)),
        list(_blocked(preview)),
        _warnings(preview),
        list(_selection(preview)),
        previews.lost(preview),
        list(_destinations(preview)),
        [*preview.notes],
        previews.estimate(preview),
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def _backups(steps: Sequence[Assessment[Any]]) -> list[str]:
    rows = [
        (step.table, kind_of(step), str(step.facts.get("last_backup") or "–"), *_numbers(step))
        for step in steps
    ]
    return aligned(_BACKUPS, rows).splitlines() if rows else []


def _restores(steps: Sequence[Assessment[Any]]) -> list[str]:
    rows = [
        (
            step.step.removeprefix("restore "),
            step.table,
            str(step.facts.get("backup") or "–"),
            *_numbers(step),
        )
        for step in steps
    ]
    return aligned(_RESTORES, rows).splitlines() if rows else []


def _numbers(step: Assessment[Any]) -> tuple[str, ...]:
    return (
        count(step.items),
        size(step.size_bytes),
        previews.time(step),
        previews.money(step.cost),
        "BLOCKED" if step.blockers else "" if step.changes else "nothing to do",
    )


def kind_of(step: Assessment[Any]) -> str:
    """``full`` or ``incremental`` for a backup, the kind of step for anything else."""
    return str(step.facts.get("backup_kind") or step.kind)


def _details(steps: Sequence[Assessment[Any]]) -> Iterator[str]:
    for step in steps:
        yield f"{step.step}: {step.does}"
        yield from (f"  {fact}" for fact in facts(step))


def _blocked(preview: Preview) -> Iterator[str]:
    for blocker, tables in previews.blockers([*preview.backups, *preview.restores]):
        yield f"BLOCKED {', '.join(tables)}: {blocker.message}"
        yield f"  hint: {blocker.hint}"


def _warnings(preview: Preview) -> list[str]:
    steps = [*preview.backups, *preview.restores]
    return [f"warning: {step.table}: {said}" for step in steps for said in step.warnings]


def _selection(preview: Preview) -> Iterator[str]:
    for each in preview.chosen:
        if not each.entry.startswith("name:"):
            listed = ", ".join(each.tables) or "no table"
            yield f"`{each.entry}` (tables[{each.position}]) chooses {len(each.tables)}: {listed}"


def _destinations(preview: Preview) -> Iterator[str]:
    for name, checks in (preview.destinations or {}).items():
        good = [check.name for check in checks if check.state == "ok"]
        yield f"destination {name}: {', '.join(good) or 'nothing'} ok"
        for check in checks:
            if check.state in ("warning", "unknown"):
                state = "warning" if check.state == "warning" else "could not check"
                yield f"  {state}: {check.name}: {check.message}"
                if check.hint:
                    yield f"    hint: {check.hint}"
