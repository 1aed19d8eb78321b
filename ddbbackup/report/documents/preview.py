"""What a run would do, in every form of ``preview``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.check import Check
from ddbbackup.model.cost import Cost
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import exit_code
from ddbbackup.ports import Identity
from ddbbackup.pricing.prices import Prices
from ddbbackup.report.formatting import duration
from ddbbackup.report.renderers import json_documents as json
from ddbbackup.status.unselected_tables import UnselectedTable
from ddbbackup.times import to_iso

NOTHING: Final = 0
CHANGES: Final = 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one entry of the plan's ``tables`` chose."""

    entry: str
    position: int
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that would be done. ``notes`` says what could not be looked at, and why."""

    plan: str
    run: str
    now: datetime
    identity: Identity
    prices: Prices
    chosen: tuple[Chosen, ...] = ()
    lost: tuple[UnselectedTable, ...] = ()
    destinations: Mapping[str, tuple[Check, ...]] | None = None
    backups: tuple[Assessment[Any], ...] = ()
    restores: tuple[Assessment[Any], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def deciding(self) -> tuple[Assessment[Any], ...]:
        """The steps by which the preview is judged: restores are done on demand, so beside backups they are not."""
        return self.backups or self.restores

    @property
    def cost(self) -> Cost:
        """Of the steps by which the preview is judged."""
        return sum((step.cost for step in self.deciding if step.cost is not None), Cost())


def render(preview: Preview, form: str, *, exit_code: int) -> str:
    """``form`` is text, json or markdown; JSON by ``schemas/preview.schema.json``."""
    if form == "json":
        return json.document(**members(preview), exit_code=exit_code)
    if form == "markdown":
        from ddbbackup.report.documents.preview_markdown import markdown  # noqa: PLC0415 - one form of three

        return markdown(preview)
    from ddbbackup.report.documents.preview_text import text  # noqa: PLC0415 - one form of three

    return text(preview)


def preview_code(preview: Preview, *, detailed: bool) -> int:
    """What the run would end with if something is in its way; else 0, or 2 for changes if ``detailed``."""
    foretold = [
        Outcome(
            step.step,
            step.kind,
            step.table,
            "failed" if step.blockers else "done",
            error=step.blockers[0].error if step.blockers else None,
        )
        for step in preview.deciding
    ]
    blocked = exit_code(foretold)
    if blocked:
        return blocked
    return CHANGES if detailed and any(step.changes for step in preview.deciding) else NOTHING


def members(preview: Preview) -> Mapping[str, Any]:
    identity, deciding = preview.identity, preview.deciding
    return {
        "plan": preview.plan,
        "run": preview.run,
        "now": to_iso(preview.now),
        "account": identity.account,
        "region": identity.region,
        "caller": identity.arn,
        "selection": [
            {"entry": each.entry, "position": each.position, "tables": list(each.tables)}
            for each in preview.chosen
        ],
        "lost": [
            {
                "table": lost.table,
                "last_backup": lost.last_backup,
                "last_backup_time": to_iso(lost.last_backup_time),
                "in_last_run": lost.in_last_run,
                "exists": lost.exists,
            }
            for lost in preview.lost
        ],
        "destinations": [
            {"name": name, "checks": [check_of(check) for check in checks]}
            for name, checks in (preview.destinations or {}).items()
        ],
        "backups": [_step(step) for step in preview.backups],
        "restores": [_step(step) for step in preview.restores],
        "notes": list(preview.notes),
        "totals": {
            "steps": len(deciding),
            "changes": sum(step.changes for step in deciding),
            "blocked": sum(bool(step.blockers) for step in deciding),
            "items": _sum([step.items for step in deciding]),
            "size_bytes": _sum([step.size_bytes for step in deciding]),
            "cost": cost_of(preview.cost),
        },
        "prices": {
            "as_of": preview.prices.as_of,
            "region": preview.prices.region,
            "file": preview.prices.file,
        },
    }


def check_of(check: Check) -> dict[str, Any]:
    return {
        "subject": check.subject,
        "name": check.name,
        "state": check.state,
        "message": check.message,
        "hint": check.hint,
    }


def _step(step: Assessment[Any]) -> dict[str, Any]:
    return {
        "step": step.step,
        "kind": step.kind,
        "table": step.table,
        "does": step.does,
        "changes": step.changes,
        "items": step.items,
        "size_bytes": step.size_bytes,
        "seconds": step.seconds,
        "seconds_basis": step.seconds_basis,
        "cost": cost_of(step.cost) if step.cost is not None else None,
        "obstacles": [json.error_of(blocker.error) for blocker in step.blockers],
        "warnings": list(step.warnings),
        "facts": dict(step.facts),
    }


def cost_of(cost: Cost) -> dict[str, Any]:
    """Always an estimate; ``unverified`` and ``incomplete`` say how good a one."""
    return {
        "estimate": True,
        "usd": round(cost.usd, 6),
        "usd_monthly": round(cost.usd_monthly, 6),
        "unverified": cost.unverified,
        "incomplete": cost.incomplete,
        "lines": [
            {
                "name": line.name,
                "quantity": line.quantity,
                "unit": line.unit,
                "usd": None if line.usd is None else round(line.usd, 6),
                "monthly": line.monthly,
                "confidence": line.confidence,
            }
            for line in cost.lines
        ],
    }


def _sum(numbers: Sequence[int | None]) -> int | None:
    """None if not one of them is known."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


# ---- words that text and Markdown share


def title(preview: Preview) -> str:
    """``preview prod: 3 of 4 steps would do something, 1 is blocked``."""
    deciding = preview.deciding
    blocked = sum(bool(step.blockers) for step in deciding)
    pending = sum(step.changes and not step.blockers for step in deciding)
    said = [f"{pending} to do"]
    if blocked:
        said.append(f"{blocked} blocked")
    idle = len(deciding) - blocked - pending
    if idle:
        said.append(f"{idle} with nothing to do")
    return (
        f"preview {preview.plan}: {', '.join(said)}" if deciding else f"preview {preview.plan}: nothing to do"
    )


def money(cost: Cost | None) -> str:
    """``≈ $0.12 + $0.40/month*``; a star where a rate is unverified, a question mark where one is missing."""
    if cost is None or not cost.lines:
        return "–"
    parts = [_dollars(cost.usd)] if any(not line.monthly for line in cost.lines) else []
    parts += [f"{_dollars(cost.usd_monthly)}/month"] if any(line.monthly for line in cost.lines) else []
    return f"≈ {' + '.join(parts)}{'*' if cost.unverified else ''}{' + ?' if cost.incomplete else ''}"


def _dollars(usd: float) -> str:
    return f"${usd:,.2f}" if usd >= 0.01 or not usd else "<$0.01"


def estimate(preview: Preview) -> list[str]:
    """Sentences on what the numbers rest on."""
    cost, prices = preview.cost, preview.prices
    if not cost.lines:
        return []
    home = preview.identity.region
    other = f"; those of {home} may differ" if prices.region != home else ""
    said = [f"Estimate: {money(cost)}, by the prices of {prices.region} as of {prices.as_of}{other}."]
    if cost.unverified:
        names = sorted({line.name for line in cost.lines if line.confidence == "unverified" and line.usd})
        said.append(f"* rests on rates that nobody could verify: {', '.join(names)}.")
    if cost.incomplete:
        names = sorted({line.name for line in cost.lines if line.usd is None})
        said.append(f"? left out, for its price is not known: {', '.join(names)}.")
    return said


def time(step: Assessment[Any]) -> str:
    return f"≈ {duration(step.seconds)}" if step.seconds is not None else "–"


def blockers(steps: Sequence[Assessment[Any]]) -> list[tuple[Blocker, list[str]]]:
    """Each obstacle once, with the tables that it stands in the way of."""
    found: dict[tuple[str, str], tuple[Blocker, list[str]]] = {}
    for step in steps:
        for blocker in step.blockers:
            key = (blocker.message, blocker.hint)
            found.setdefault(key, (blocker, []))[1].append(step.table)
    return list(found.values())


def lost(preview: Preview) -> list[str]:
    """One line for those lost since the last run, one for those that were given up before."""
    said = []
    for recent, words in ((True, "Lost since the last run"), (False, "Not chosen any more for longer")):
        tables = [
            f"{each.table} ({_whereabouts(each.exists)}; last backup {each.last_backup})"
            for each in preview.lost
            if each.in_last_run is recent
        ]
        if tables:
            said.append(f"{words}: {', '.join(tables)}.")
    return said


def _whereabouts(exists: bool | None) -> str:
    if exists is None:
        return "whether it exists could not be found out"
    return "still exists" if exists else "deleted"
