"""What an interruption of ``backup`` or ``wait`` says of a table whose backup has ended."""

from __future__ import annotations

from ddbbackup.errors import TimedOut
from ddbbackup.model.outcome import Outcome
from ddbbackup.steps.standing import Standing


def tell_ended(standing: Standing, outcome: Outcome) -> None:
    """Nothing of a backup that goes on in AWS, of which other sentences tell."""
    is_backup = outcome.kind in ("backup", "finish")
    if not is_backup or outcome.status == "started" or isinstance(outcome.error, TimedOut):
        return
    if outcome.status == "skipped":
        said = "was skipped", "were skipped"
    elif outcome.error is not None:
        said = "has failed", "have failed"
    else:
        said = "is complete", "are complete"
    standing.say(
        outcome.table,
        f"the backup of {outcome.table} {said[0]}",
        together=f"the backups of {{tables}} {said[1]}",
    )
