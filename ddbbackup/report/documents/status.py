"""How each table stands, in every form of ``status``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ddbbackup.errors import DdbBackupError
from ddbbackup.report.formatting import count, duration
from ddbbackup.report.renderers import json_documents as json
from ddbbackup.report.renderers import markdown, text
from ddbbackup.status.table_status import TableStatus
from ddbbackup.times import to_iso

_WORDS: Final = {"fresh": "ok", "stale": "STALE", "never": "NEVER BACKED UP"}
_HEADS: Final = ("TABLE", "STATUS", "LAST BACKUP", "AGE", "RPO", "ITEMS", "RUNNING")


def render(
    found: Sequence[TableStatus],
    errors: Sequence[DdbBackupError],
    form: str,
    *,
    plan: str,
    now: datetime,
    exit_code: int,
) -> str:
    """``form`` is text, json or markdown; JSON by ``schemas/status.schema.json``.

    ``errors`` are those of selectors that chose wrongly; the text leaves them to stderr.
    """
    if form == "json":
        rows = [fields(standing) for standing in found]
        wrong = [json.error_of(error) for error in errors]
        return json.document(plan=plan, tables=rows, errors=wrong, now=to_iso(now), exit_code=exit_code)
    if form == "markdown":
        return _markdown(found, plan) + "".join(markdown.failure(error) for error in errors)
    return text.aligned(_HEADS, [_row(standing) for standing in found])


def _markdown(found: Sequence[TableStatus], plan: str) -> str:
    rows = [(markdown.code(each.table), *map(markdown.plain, _row(each)[1:])) for each in found]
    late = sum(each.breaks_rpo for each in found)
    verdict = f"{late} of {len(found)} tables break their RPO" if late else "every table keeps its RPO"
    heads = [head.lower() for head in _HEADS]
    return f"### ddbbackup status {markdown.plain(plan)}: {verdict}\n\n" + markdown.table(heads, rows)


def fields(standing: TableStatus) -> Mapping[str, Any]:
    return {
        "table": standing.table,
        "status": standing.state,
        "backup": standing.backup,
        "export_time": to_iso(standing.export_time),
        "age_seconds": standing.age_seconds,
        "rpo_seconds": standing.rpo_seconds,
        "items": standing.items,
        "running": standing.running,
        "last_failure": standing.last_failure,
    }


def _row(standing: TableStatus) -> tuple[str, ...]:
    return (
        standing.table,
        _WORDS[standing.state] + (" (last try failed)" if standing.last_failure else ""),
        standing.backup or "–",
        duration(standing.age_seconds),
        duration(standing.rpo_seconds),
        count(standing.items),
        standing.running or "–",
    )
