"""The ClientToken of a restore's job in AWS: the same for the same attempt, so that nothing is started twice."""

from __future__ import annotations

import hashlib

from ddbbackup.steps.restore.method import Job


def derive_token(job: Job, *, method: str, attempt: int) -> str:
    """Of plan, run, target, source and attempt; at most 64 characters, and no ``$``."""
    parts = (
        job.world.plan.name,
        job.world.run,
        method,
        job.found.target_arn,
        job.state.directory.name,  # of target and source, as the state's own directory is
        str(attempt),
    )
    return f"ddbbackup-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:40]}"
