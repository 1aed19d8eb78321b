"""``docs/exit-codes.md``, from ``ddbbackup/exit_codes.py``."""

from __future__ import annotations

from ddbbackup.exit_codes import EXIT_CODES
from tools.docs.markdown import header, table


def page() -> str:
    rows = ((str(code), each.when) for code, each in EXIT_CODES.items())
    return (
        header("Exit codes", "ddbbackup/exit_codes.py")
        + """\
A failure never exits with 0.

If several steps failed for different reasons, the first of these applies: 65 if any failure has it; 70 if any failure
has it; 3 if another step succeeded; the code that all failures share; 1.

"""
        + table(("code", "when"), rows)
        + """
`preview` exits with the code that the run would end with: that of the blocker, or 3 if only some steps are blocked.
Backups decide. Restores run on demand, so they decide only with `preview restore NAME`, or if the plan has nothing
else. Without blockers `preview` exits with 0, or with 2 if `--detailed-exitcode` is set and the run would change
something.

A scheduler may retry after 69 and 75. After any other code, somebody must look first. With `--output json`, the
report on stdout ([schema](../schemas/report.schema.json)) has the error and the code of every step.
"""
    )
