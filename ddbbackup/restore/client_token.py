"""The ClientToken of a restore's job in AWS: the same for the same attempt, so that nothing is started twice."""

from __future__ import annotations

import hashlib

from ddbbackup.restore.method import RestoreJob


def derive_token(job: RestoreJob, *, method: str, attempt: int) -> str:
    """Of plan, run, target, source and attempt; at most 64 characters, and no ``$``."""
    parts = (
        job.context.plan.name,
        job.context.run_id,
        method,
        job.resolved.target_arn,
        job.state.directory.name,  # of target and source, as the state's own directory is
        str(attempt),
    )
    return f"ddbbackup-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:40]}"
