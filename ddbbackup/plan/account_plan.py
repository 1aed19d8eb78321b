"""The plan that ``init --from-account`` writes: the tables that exist, with comments on what is left to decide."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import yaml

from ddbbackup.plan.starter import schema_lines
from ddbbackup.plan.yaml_scalars import resolve_scalar

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_NAMES_IN_A_LINE: Final = 8
_NAMES_AT_MOST: Final = 40
_NO_BUCKET: Final = "my-backup-bucket"


@dataclass(frozen=True, slots=True)
class FoundTable:
    """``recoverable``: point-in-time recovery is enabled; None: it could not be read."""

    name: str
    recoverable: bool | None


@dataclass(frozen=True, slots=True)
class FoundTables:
    """The tables of one account and Region. With ``tags`` or ``match``, those that one entry selects by them."""

    account: str
    region: str
    tables: tuple[FoundTable, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    match: str | None = None

    @property
    def without_recovery(self) -> tuple[str, ...]:
        return tuple(table.name for table in self.tables if table.recoverable is False)

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(table.name for table in self.tables if table.recoverable is None)


def account_plan(found: FoundTables, *, bucket: str | None, schema_path: str) -> str:
    """YAML. Without a bucket, a comment says that it must be set. ``schema_path``: see ``schema_lines``."""
    where = f"account {found.account} in {found.region}"
    entries = _selecting_entry(found) if found.tags or found.match else _named_entries(found)
    return "\n".join(
        [
            *schema_lines(schema_path),
            f"# Written by `ddbbackup init --from-account` from the tables of {where}.",
            "version: 1",
            "name: my-tables                  # the folder of the records: choose it before the first backup",
            "",
            "aws:",
            f"  region: {found.region}",
            f'  account: "{found.account}"       # refuse to run in any other account',
            "",
            "destinations:",
            "  vault:",
            f"    bucket: {_scalar(bucket)}"
            if bucket
            else f"    bucket: {_NO_BUCKET}      # set an existing S3 bucket",
            "",
            "defaults:",
            "  rpo: 24h                        # `ddbbackup status` exits with 4 if the newest backup is older",
            "  # retention: {keep_daily: 14}   # what `ddbbackup prune` keeps; without it, everything",
            "",
            "tables:",
            *(f"  {line}".rstrip() for line in entries),
            "",
        ]
    )


def _named_entries(found: FoundTables) -> Iterator[str]:
    """The tables whose entries are complete first, then those that need a decision."""
    missing, unknown = set(found.without_recovery), set(found.unknown)
    yield from (
        f"- name: {_scalar(each.name)}" for each in found.tables if each.name not in missing | unknown
    )
    if unknown:
        yield "# It could not be read whether these tables have point-in-time recovery, which exports need."
        yield from (f"- name: {_scalar(name)}" for name in sorted(unknown))
    if missing:
        yield "# These tables have no point-in-time recovery, which exports need: `ddbbackup preview` shows them as"
        yield "# blocked. For each of them, remove the `# ` before `pitr` (the run enables it; AWS bills it by size)"
        yield "# or before `method` (each run reads the whole table)."
        for name in sorted(missing):
            yield from (f"- name: {_scalar(name)}", "  # pitr: enable", "  # method: scan")


def _selecting_entry(found: FoundTables) -> Iterator[str]:
    """One entry for all tables, also for those that will be created."""
    count = len(found.tables)
    one = count == 1
    selected = f"{'has' if one else 'have'} these tags" if found.tags else "matches" if one else "match"
    yield f"# {count} {'table' if one else 'tables'} {selected} now. A new one is backed up too."
    key = "match" if found.match else "tags"
    value = _scalar(found.match) if found.match else _mapping(found.tags)
    yield f"- {key}: {value}"
    yield f"  expect: {{min: {count}}}             # a run fails if the entry selects fewer"
    if found.without_recovery:
        yield from _named("  # Without point-in-time recovery, which exports need:", found.without_recovery)
        yield "  # `ddbbackup preview` shows them as blocked. Remove the `# ` before `pitr`, and the run enables it"
        yield "  # (AWS bills it by size), or give a table an entry of its own: {name: TABLE, method: scan}."
        yield "  # pitr: enable"
    if found.unknown:
        yield from _named(
            "  # It could not be read whether these have point-in-time recovery:", found.unknown
        )


def _named(heading: str, names: Sequence[str]) -> Iterator[str]:
    yield heading
    shown = [_scalar(name) for name in names[:_NAMES_AT_MOST]]
    for start in range(0, len(shown), _NAMES_IN_A_LINE):
        yield f"  #   {', '.join(shown[start : start + _NAMES_IN_A_LINE])}"
    if len(names) > _NAMES_AT_MOST:
        yield f"  #   and {len(names) - _NAMES_AT_MOST} more"


def _mapping(pairs: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{_quoted(key)}: {_scalar(value)}" for key, value in pairs.items()) + "}"


def _scalar(text: str) -> str:
    """A value: the plan reads `$$` as a dollar sign."""
    return _quoted(text.replace("$", "$$"))


def _quoted(text: str) -> str:
    """In quotes, unless YAML 1.1 and 1.2 both read it as this text."""
    if _PLAIN.fullmatch(text) and resolve_scalar(text) == text == yaml.safe_load(text):
        return text
    # A character that reverses the text around it would show a reader another plan than the program reads.
    return "".join(
        each if each.isprintable() else f"\\U{ord(each):08x}" for each in json.dumps(text, ensure_ascii=False)
    )
