"""Writes the figures of a full run into docs/reliability.md, between two marks."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.faults.model import Played

PAGE: Final = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN: Final = "<!-- figures of `make test-faults` -->"
END: Final = "<!-- end of figures -->"

KINDS: Final[Mapping[str, str]] = {
    "no-fault": "nothing: the lists of operations and requests are complete",
    "cut": "an answer breaks off, in its body or in its head",
    "replaced": "an answer without a body, or a page of a gateway in its place",
    "flipped-bit": "one bit of an answer is flipped",
    "refused": "throttling, 5xx, a reset connection, a missing permission, a slow answer",
    "unproven-put": "status 200 for puts that were not done",
    "wrong-checksum": "`x-amz-crc32` does not match",
    "repeated-token": "a list repeats its page token",
    "outage": "an operation fails for the whole run",
    "kill": "SIGKILL at a request, before or after AWS carries it out",
    "kill-at-random": "SIGKILL at a random time, once or twice",
    "signal": "SIGTERM, SIGINT, SIGHUP",
    "expired": "every request signed with the old key is refused",
    "race": "two runs at once, on one machine or two",
    "changed-table": "the target is emptied, used, deleted or recreated between two runs",
    "used-before-resume": "the application writes before an interrupted restore goes on",
    "changed-source": "the source is changed or recreated between two runs",
    "changed-vault": "data in the vault is deleted or changed between two runs",
    "pipeline-runs-twice": "a pipeline runs a verb twice under one run id",
    "forged-record": "a record names another table, bucket, prefix or export",
    "forged-success": "a complete record that nobody made",
    "moved-record": "a record of another table",
    "forged-grant": "a record's settings grant access to others",
    "hostile-value": "hostile values in a record",
    "no-record": "objects among the records that are not records",
    "forged-manifest": "a manifest that lies, with a matching MD5",
    "no-manifest": "something else in place of a manifest, of any size",
    "damaged-data": "data files that are changed, cut or replaced",
    "stream": "closed or full stdout and stderr, broken pipes",
    "encoding": "terminals that know few characters",
    "summary-file": "a step summary that cannot be written",
    "report-file": "a report file that cannot be written",
    "state-directory": "a state directory that is missing, a file, garbage, or has no HOME",
    "other-user": "a container's user without an account or rights",
    "full-disk": "a disk on which nothing can be written",
    "state-in-mid-run": "the state directory is deleted or spoiled during a restore",
    "python-O": "`python -O`",
    "rejected-item": "AWS quotes the item that it rejects",
    "error-text": "AWS quotes items, secrets and control characters in an error",
    "failed-job": "AWS quotes an item where it says why an export, import or bulk put failed",
    "secret": "passwords and tokens in the configuration",
    "credential-process": "a credential process that fails",
    "hostile-name": "object keys with control characters",
    "notification": "notifications about rejected items",
}


def write_figures(results: Sequence[Played]) -> None:
    """Replaces what is between the marks."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n\n{figures(results)}\n{END}{tail}", encoding="utf-8")


def figures(results: Sequence[Played]) -> str:
    """A paragraph and a table with one line for each kind of fault."""
    failed = [each for each in results if each.violations]
    scenarios = {each.name: each.fault for each in results}
    seeds = Counter(each.name for each in results)
    repeated = [name for name, count in seeds.items() if count > 1]
    run = (
        f"Last full run: {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()} on "
        f"{platform.system()}, {os.cpu_count()} cores. {len(scenarios):,} scenarios, "
        f"{len(repeated):,} of them with {max(seeds.values())} seeds: {len(results):,} plays with "
        f"{sum(each.runs for each in results):,} runs of the program, "
        f"{sum(each.seconds for each in results) / 60:,.0f} minutes of play. "
        f"{len(results) - len(failed):,} passed, {len(failed)} failed."
    )
    lines = [run, "", "| kind | fault | scenarios | plays | failed |", "|---|---|--:|--:|--:|"]
    by_kind, plays = Counter(scenarios.values()), Counter(each.fault for each in results)
    broken = Counter(each.fault for each in failed)
    for kind, fault in KINDS.items():
        if plays[kind]:
            lines.append(f"| `{kind}` | {fault} | {by_kind[kind]} | {plays[kind]} | {broken[kind]} |")
    return "\n".join([*lines, ""])
