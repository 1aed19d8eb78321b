"""Every exit code: its meaning, and when it is used. Errors, README and the reference page use this list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ddbbackup.errors import REPORT_BUG


@dataclass(frozen=True, slots=True)
class ExitCode:
    means: str
    when: str


EXIT_CODES: Final[Mapping[int, ExitCode]] = {
    0: ExitCode(
        "done",
        "done; also `backup --no-wait` when every export is started and recorded, and a run that had nothing to do",
    ),
    1: ExitCode(
        "failed",
        "a step failed: for example a table without point-in-time recovery, an export with the status FAILED, or a "
        "restore that was refused; or an output (stdout, or a file of `--output`) could not be written, although the "
        "run itself succeeded",
    ),
    2: ExitCode(
        "changes pending (`--detailed-exitcode`)",
        "with `--detailed-exitcode`: `preview` or `prune` found no blockers, and the run would change something; or "
        "`diff` found an item that differs",
    ),
    3: ExitCode(
        "some steps failed",
        "some steps failed and others succeeded; or a restore wrote all data but could not apply a setting that the "
        "plan requests",
    ),
    4: ExitCode(
        "`status`: a backup is older than its RPO (the maximum age)",
        "`status`: the newest restorable backup of a table is older than its `rpo`, or there is none; a table "
        "without `rpo` never causes this code",
    ),
    5: ExitCode(
        "nothing selected",
        "a selector of the plan, or `--only`, matched no table; or `expect` was not met; or no backup has the ID "
        "that was asked for; or no item has the key or matches the condition of `find` or `restore`",
    ),
    64: ExitCode(
        "usage",
        "the command line is invalid; a short backup ID means several backups; the plan has no restore of that "
        "name; or there is no Region",
    ),
    65: ExitCode(
        "data incomplete, or a record cannot be used",
        "data is incomplete: a hash, a size or a count does not match, a file is missing, or a table rejected items; "
        "`status`: no table breaks its `rpo`, but a backup that is newer than the newest restorable one cannot be "
        "restored; `list`, `status`, `verify`, `wait`: the record of a backup cannot be used",
    ),
    69: ExitCode("service unreachable", "a service did not respond after all retries"),
    70: ExitCode("a bug in ddbbackup", f"a bug in ddbbackup: {REPORT_BUG}"),
    75: ExitCode(
        "still running, run it again later",
        "`--timeout` has passed and an export is still running (`ddbbackup wait` finishes it); or an import, a bulk "
        "put or a point-in-time restore is still running (the same `restore` finishes it); or S3 is "
        "retrieving archived objects",
    ),
    77: ExitCode(
        "access denied",
        "no credentials, expired credentials, a missing permission, or a different account than the plan names",
    ),
    78: ExitCode("plan invalid", "the plan is invalid; all problems are listed"),
    130: ExitCode("interrupted", "interrupted by Ctrl-C"),
    143: ExitCode("terminated", "terminated by SIGTERM or SIGHUP"),
}
