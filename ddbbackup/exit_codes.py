"""Every exit code, what it means, and when it comes: the one list that errors, README and reference go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ExitCode:
    means: str
    when: str


EXIT_CODES: Final[Mapping[int, ExitCode]] = {
    0: ExitCode(
        "done",
        "done; also `backup --no-wait` once every export is started and recorded, and a run that found nothing "
        "left to do",
    ),
    1: ExitCode(
        "failed",
        "a step failed: a table without point-in-time recovery, an export that AWS ended as FAILED, a restore "
        "that was refused",
    ),
    2: ExitCode(
        "changes pending (`preview --detailed-exitcode`)",
        "`preview --detailed-exitcode`: nothing is in the way, and the run would change something",
    ),
    3: ExitCode(
        "some steps failed",
        "some steps failed, others went well; a restore whose data is whole, but that could not put back a setting "
        "that the plan asks for",
    ),
    4: ExitCode(
        "`status`: a backup is older than its RPO",
        "`status`: a table's newest complete backup is older than its `rpo`, or there is none. Tables without "
        "`rpo` never cause it",
    ),
    5: ExitCode(
        "nothing selected", "a selector of the plan, or `--only`, matched no table; `expect` was not met"
    ),
    64: ExitCode(
        "usage", "the command line cannot be understood; a restore that the plan does not have; no region"
    ),
    65: ExitCode(
        "data not whole: verification or counts",
        "data not whole: a hash, a size or a count does not match, a file is missing, or a table refused items",
    ),
    69: ExitCode("service unreachable", "a service did not answer, after all tries"),
    70: ExitCode("a bug in ddbbackup", "a bug in ddbbackup: please report it with the traceback"),
    75: ExitCode(
        "still running, come back later",
        "`--timeout` is over and an export still runs: `ddbbackup wait` takes it up; or an import, a bulk put or a "
        "point-in-time restore still runs: the same `restore` takes it up",
    ),
    77: ExitCode(
        "access denied",
        "no credentials, expired ones, an action that they may not do, or another account than the plan's",
    ),
    78: ExitCode("plan invalid", "the plan is invalid; every problem is shown"),
    130: ExitCode("interrupted", "interrupted by Ctrl-C"),
    143: ExitCode("terminated", "ended by SIGTERM"),
}
