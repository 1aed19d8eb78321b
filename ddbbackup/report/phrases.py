"""Sentences about documents that more than one renderer prints. Plain text: each renderer escapes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ddbbackup.report.formatting import count, counted, duration, planned_duration, size, sum_of_sizes
from ddbbackup.report.outcome_groups import is_running
from ddbbackup.report.table_names import names

if TYPE_CHECKING:
    from ddbbackup.model.check import State
    from ddbbackup.report.documents.doctor import DoctorReport
    from ddbbackup.report.documents.notification import RunNotification
    from ddbbackup.report.documents.preview import CostInfo, Preview, PreviewStep
    from ddbbackup.report.documents.run_report import RunReport, StepOutcome
    from ddbbackup.report.documents.status import TableRow

_STEP_STATUS: Final = {
    "done": "ok",
    "started": "started",
    "unchanged": "unchanged",
    "skipped": "skipped",
    "failed": "FAILED",
}
_RUNNING: Final = "running"
_BY_URGENCY: Final = ("FAILED", _RUNNING, "skipped", "ok", "started", "unchanged")
CHECK_STATE: Final[Mapping[State, str]] = {
    "ok": "ok",
    "warning": "WARNING",
    "problem": "PROBLEM",
    "unknown": "not checked",
}
_COUNTED: Final = {"items": "item", "files": "data file", "objects": "object"}
_PRUNED_AT_MOST: Final = 20  # lines for one table

SettingResults = Sequence[Mapping[str, Any]]
"""What a restore did with each setting: ``schemas/report.schema.json#/$defs/setting``."""


def place_of_run(document: RunReport | RunNotification) -> str:
    """``run 4711, account 123456789012, region eu-west-1``; account and region only if they are known."""
    parts = [f"run {document.run}"]
    parts += [f"account {document.account}"] if document.account else []
    parts += [f"region {document.region}"] if document.region else []
    return ", ".join(parts)


# ---- reports of a run


def report_summary(report: RunReport) -> str:
    """``backup prod: 1 failed, 3 ok``."""
    counts = Counter(step_status(each) for each in report.table_outcomes)
    parts = [f"{count(counts[status])} {status.lower()}" for status in _BY_URGENCY if counts[status]]
    return f"{report.verb} {report.plan}: {', '.join(parts) or 'nothing is in progress'}"


def report_totals(report: RunReport) -> list[str]:
    """``679 967 100 items, at least 271.4 GiB``: the sums of what several steps did; nothing for one."""
    done = [each.facts for each in report.table_outcomes if each.status == "done"]
    if len(done) < 2:
        return []
    parts = []
    items, sizes = ([facts[name] for facts in done if name in facts] for name in ("items", "size_bytes"))
    if known := [each for each in items if each is not None]:
        parts.append(f"{'at least ' if len(known) < len(items) else ''}{counted(sum(known), 'item')}")
    if any("removed" in facts for facts in done):
        parts.append(f"{counted(sum(facts.get('removed') or 0 for facts in done), 'backup')} removed")
    if any(each is not None for each in sizes):
        parts.append(sum_of_sizes(sizes))
    return [", ".join(parts)] if parts else []


def verified_levels(report: RunReport) -> list[str]:
    """``level items, of a sample of 5 %``: what was checked by ``verify``, of all backups together."""
    done = [each.facts for each in report.table_outcomes if each.status == "done" and "level" in each.facts]
    return list(dict.fromkeys(map(_level, done)))


def _level(facts: Mapping[str, Any]) -> str:
    if facts.get("sample_percent") is None:
        return f"level {facts['level']}"
    return f"level {facts['sample_level']}, of a sample of {facts['sample_percent']:g} %"


def step_status(outcome: StepOutcome) -> str:
    """``FAILED``; ``running`` for a step that stopped waiting for AWS, where its job goes on: nothing has failed."""
    return _RUNNING if is_running(outcome) else _STEP_STATUS[outcome.status]


_OF_A_COMPARISON: Final = ("missing", "changed", "extra")
_INTRODUCED: Final = {"into": "into", "backup": "backup", "due": "next window due at", "origin": "from"}


def remarks(outcome: StepOutcome) -> list[str]:
    """What somebody must read of a step that went well: its notes, and the settings that could not be read."""
    facts = outcome.facts
    said = facts.get("passed_over") or ()  # in a line of its own: ``older_backups``
    unread = facts.get("settings_not_read")
    notes = [each for each in facts.get("notes") or () if each not in said]
    return [*notes, *([f"settings not read: {', '.join(unread)}"] if unread else [])]


def outcome_facts(outcome: StepOutcome, *, with_remarks: bool = True) -> list[str]:
    """Counts, sizes and notes of a step: ``1 200 items``, ``4.0 KiB``, ``backup 2026…``."""
    phrases: list[str] = []
    for name, value in outcome.facts.items():
        if value is None:
            continue
        if name in _COUNTED:
            phrases.append(counted(value, _COUNTED[name]))
        elif name in _OF_A_COMPARISON and "written" in outcome.facts:
            continue  # they have been made equal: ``written`` and ``deleted`` say how
        elif name in (
            "written",
            "removed",
            "kept",
            "rejected",
            "superseded",
            "deleted",
            "missing",
            "changed",
            "extra",
        ):
            phrases.append(f"{count(value)} {name}{_why_written(outcome) if name == 'written' else ''}")
        elif name == "size_bytes":
            phrases.append(size(value))
        elif name in _INTRODUCED:
            phrases.append(f"{_INTRODUCED[name]} {value}")
        elif name == "method" and value != "write":
            phrases.append(f"by {value}")
        elif name == "settings":
            phrases += settings_summary(value)
        elif name == "because":
            phrases.append(f"because {value} failed")
    noted = remarks(outcome) if with_remarks else []
    return [*phrases, *(["; ".join(noted)] if noted else [])]


def _why_written(outcome: StepOutcome) -> str:
    """Of `existing: mirror`: `` (3 were missing, 1 had changed)``."""
    facts = outcome.facts
    told = (("missing", "were missing"), ("changed", "had changed"))
    parts = [f"{count(facts[name])} {text}" for name, text in told if facts.get(name)]
    return f" ({', '.join(parts)})" if parts else ""


def settings_summary(results: SettingResults) -> list[str]:
    """``settings applied: …``, ``settings not applied: …`` and ``settings not requested: …``, each if there are any.

    Nothing for settings that needed no change. Whether the target has a setting that the plan does not request is not
    known, because the restore does not read it.
    """
    if _unrecorded(results):
        return ["settings not recorded"]
    applied = [each["setting"] for each in results if each["status"] == "applied"]
    left = [each for each in results if each["status"] not in ("applied", "unchanged")]
    others = [each["setting"] for each in left if each["status"] == "skipped" and not each["requested"]]
    missing = [each["setting"] for each in left if each["setting"] not in others]
    named = {"applied": applied, "not applied": missing, "not requested": others}
    return [f"settings {what}: {', '.join(settings)}" for what, settings in named.items() if settings]


def settings_told(results: SettingResults) -> SettingResults:
    """Those that the plan requests, if one of them needed a change."""
    rows = [
        each
        for each in results
        if each["requested"] and (each["status"] != "unchanged" or not each["reason"])
    ]
    return [] if _unrecorded(results) or all(row["status"] == "unchanged" for row in rows) else rows


def settings_lines(results: SettingResults) -> list[str]:
    """One line for each setting that the plan requests, with the reason; none if it requests none."""
    rows = settings_told(results)
    width = max((len(row["setting"]) for row in rows), default=0)
    return [f"{row['setting']:<{width}}  {row['status']:<9} {row['reason']}".rstrip() for row in rows]


def _unrecorded(results: SettingResults) -> bool:
    """Whether the restored export has no record, and the plan requests no setting."""
    unknown = any(each["status"] == "unknown" for each in results)
    return unknown and all(
        each["status"] in ("unknown", "skipped") and not each["missing"] for each in results
    )


# ---- status


def rpo_breach(table: TableRow) -> str:
    """``orders: the newest backup 2026… is 1d 2h old (RPO 24h)``."""
    return f"{table.table}: {rpo_breach_reason(table)}"


def rpo_breach_reason(table: TableRow) -> str:
    """``the newest backup 2026… is 1d 2h old (RPO 24h)``."""
    rpo = f"(RPO {planned_duration(table.rpo_seconds)})"
    if table.backup is None:
        what = "no backup of it can be restored" if table.not_restorable else "never backed up"
        return f"{what} {rpo}"
    return f"the newest backup {table.backup} is {duration(table.age_seconds)} old {rpo}"


# ---- doctor


def doctor_summary(report: DoctorReport) -> str:
    """``doctor prod: 12 ok, 1 warning``."""
    counts = [
        counted(number, state) if state in ("warning", "problem") else f"{count(number)} {CHECK_STATE[state]}"
        for state, number in report.counts.items()
        if number
    ]
    return f"doctor {report.plan}: {', '.join(counts)}"


# ---- retention


def prune_lines(step: PreviewStep) -> Iterator[str]:
    """What is kept and why, and what is removed and why: one line for each backup, as far as they are few."""
    keep, remove = step.facts.get("keep", ()), step.facts.get("remove", ())
    yield from _first_ones([f"keep    {each['backup']}  {', '.join(each['reasons'])}" for each in keep])
    if needed := step.facts.get("needed"):
        yield f"keep    {counted(needed, 'backup')} that these need"
    for each in step.facts.get("in_progress", ()):
        yield f"keep    {each}  it is in progress"
    for each in step.facts.get("failed", ()):
        yield f"keep    {each}  it failed not long ago"
    yield from _first_ones([f"remove  {each['backup']}  {each['reason']}" for each in remove])


def _first_ones(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:_PRUNED_AT_MOST]
    if len(lines) > _PRUNED_AT_MOST:
        yield f"{lines[0][:7]} {counted(len(lines) - _PRUNED_AT_MOST, 'older backup')}, see --output json"


# ---- preview


def preview_summary(preview: Preview) -> str:
    """``preview prod: 2 to do, 1 blocked, 1 with nothing to do``; ``preview prune prod: nothing to do``."""
    steps = preview.decisive_steps
    verb = "" if preview.backups else "restore " if preview.restores else "prune " if preview.prunes else ""
    if not any(step.changes or step.blockers for step in steps):
        number = len({step.table for step in steps if step.table})
        tables = f" for {counted(number, 'table')}" if number else ""
        return f"preview {verb}{preview.plan}: nothing to do{tables}"
    blocked = sum(bool(step.blockers) for step in steps)
    pending = sum(step.changes and not step.blockers for step in steps)
    parts = [f"{count(pending)} to do"]
    if blocked:
        parts.append(f"{count(blocked)} blocked")
    if idle := len(steps) - blocked - pending:
        parts.append(f"{count(idle)} with nothing to do")
    return f"preview {verb}{preview.plan}: {', '.join(parts)}"


def principal(preview: Preview) -> str:
    """``user/ci``: the end of the ARN of the caller, whose account is said beside it."""
    return preview.caller.rpartition(f":{preview.account}:")[2]


def prune_totals(preview: Preview) -> list[str]:
    """``removes 98 of 196 restore points, 812.3 GiB``; nothing if there is nothing to remove."""
    removing = [step for step in preview.prunes if step.changes and not step.blockers]
    if not removing:
        return []
    removed = sum(len(step.facts.get("remove", ())) for step in removing)
    every = sum(step.facts.get("restore_points") or 0 for step in preview.prunes)
    freed = sum_of_sizes(step.size_bytes for step in removing)
    return [f"removes {count(removed)} of {counted(every, 'restore point')}, {freed}"]


def restore_name(step: PreviewStep) -> str:
    """The name of the restore, without the table that it goes into, which has a cell of its own."""
    name = step.step.removeprefix("restore ")
    return name.removesuffix(f" {step.table}")


def backup_kind(step: PreviewStep) -> str:
    """``full`` or ``incremental`` for a backup, the kind of step for anything else."""
    return str(step.facts.get("backup_kind") or step.kind)


def money(cost: CostInfo | None) -> str:
    """``≈ $0.12 + $0.40/month*``: the star marks an unverified price, a question mark a missing one."""
    if cost is None or not cost.lines:
        return "–"
    parts = [dollars(cost.usd)] if any(not line.monthly for line in cost.lines) else []
    parts += [f"{dollars(cost.usd_monthly)}/month"] if any(line.monthly for line in cost.lines) else []
    about = "" if all(part.startswith("<") for part in parts) else "≈ "
    return f"{about}{' + '.join(parts)}{'*' if cost.unverified else ''}{' + ?' if cost.incomplete else ''}"


def estimated_time(step: PreviewStep) -> str:
    if step.seconds is None:
        return "–"
    return _about_time(step.seconds)


def _about_time(seconds: float) -> str:
    return f"≈ {duration(seconds)}" if seconds >= 1 else "<1s"


def verification_times(preview: Preview) -> list[str]:
    """What each level of verification would take for the new backups, and which levels the plan sets."""
    known = [step.facts["verify_seconds"] for step in preview.backups if step.facts.get("verify_seconds")]
    if not known:
        return []
    planned = Counter(step.facts.get("verify") for step in preview.backups)
    levels = []
    for level in known[0]:
        seconds = [each[level] for each in known]
        time = "unknown" if None in seconds else f"≈ {duration(sum(seconds))}"
        tables = f" (in the plan for {counted(planned[level], 'table')})" if planned[level] else ""
        levels.append(f"{level} {time}{tables}")
    new = len([step for step in preview.backups if "verify_seconds" in step.facts]) - len(known)
    others = f"; {counted(new, 'table')} not counted, without a backup so far" if new else ""
    return [f"Verification of these backups, if they are like the last ones: {', '.join(levels)}{others}."]


def cost_estimate(preview: Preview) -> list[str]:
    """The estimated cost of the run, and how reliable the prices are."""
    cost, prices = preview.totals.cost, preview.prices
    if not cost.lines:
        return []
    other = f"; prices in {preview.region} may differ" if prices.region != preview.region else ""
    lines = [f"Estimated cost: {money(cost)}, at {prices.region} prices of {prices.as_of}{other}."]
    if cost.unverified:
        names = sorted(
            {line.name for line in cost.lines if line.confidence == "unverified" and line.usd is not None}
        )
        lines.append(f"* includes unverified prices: {', '.join(names)}.")
    if cost.incomplete:
        names = sorted({line.name for line in cost.lines if line.usd is None})
        lines.append(f"? excludes costs without a known price: {', '.join(names)}.")
    return lines


def unselected_tables(preview: Preview, most: int | None = None) -> list[str]:
    """One sentence for tables that the last run still backed up, one for those dropped earlier.

    ``most``: no more than this are named.
    """
    sentences = []
    for recent, words in (
        (True, "Backed up by the last run, no longer selected"),
        (False, "Backed up by earlier runs, no longer selected"),
    ):
        tables = [
            f"{each.table} ({_existence(each.exists)}; last backup {each.last_backup})"
            for each in preview.unselected_tables
            if each.in_last_run is recent
        ]
        if tables:
            sentences.append(f"{words}: {names(tables, most)}.")
    return sentences


def _existence(exists: bool | None) -> str:
    if exists is None:
        return "could not check whether it exists"
    return "still exists" if exists else "deleted"


def step_facts(step: PreviewStep) -> Iterator[str]:
    """``method: write``; one line for each restore method, and one for each group of settings."""
    for name, value in step.facts.items():
        if name in ("method", "because") and step.facts.get("candidates"):
            continue  # the chosen candidate says both
        if name == "candidates":
            yield from (_candidate(each) for each in value)
        elif name == "settings":
            yield from _settings(value)
        elif name == "verify_seconds":
            continue  # of all tables together: ``verification_times``
        elif value not in (None, [], {}):
            yield f"{name.replace('_', ' ')}: {value}"
    if step.seconds_basis:
        time = f"{estimated_time(step)}, " if step.seconds is not None else ""
        yield f"time: {time}{step.seconds_basis}"


def _candidate(method: Mapping[str, Any]) -> str:
    """One restore method that was considered."""
    if method["possible"]:
        seconds, usd = method["seconds"], method["usd"]
        unverified = " at an unverified price" if method["unverified"] else ""
        parts = [_about_time(seconds) if seconds is not None else "unknown time"]
        parts.append(f"{about(usd)}{unverified}" if usd is not None else "unknown cost")
    else:
        parts = ["not possible: " + "; ".join(method["blockers"])]
    if method["experimental"]:
        parts.append("experimental")
    if method["because"] and (method["possible"] or not method["chosen"]):
        parts.append(method["because"])
    return f"{'chosen' if method['chosen'] else 'or'} {method['method']}: {', '.join(parts)}"


def _settings(settings: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for verdict in dict.fromkeys(each["verdict"] for each in settings):
        names = [_setting(each) for each in settings if each["verdict"] == verdict]
        yield f"settings, {verdict}: {', '.join(names)}"


def _setting(setting: Mapping[str, Any]) -> str:
    name, reason = str(setting["setting"]), setting["reason"]
    return f"{name} ({reason})" if reason and setting["verdict"] != "skipped" else name


def about(usd: float) -> str:
    """``≈ $0.12``, ``<$0.01``."""
    amount = dollars(usd)
    return amount if amount.startswith("<") else f"≈ {amount}"


def dollars(usd: float) -> str:
    return f"${usd:,.2f}" if usd >= 0.01 or not usd else "<$0.01"
