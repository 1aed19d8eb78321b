"""The client token of a restore's job in AWS, which keeps a repeated request from starting a second job."""

from __future__ import annotations

import hashlib

from ddbbackup.restore.method import RestoreJob


def derive_client_token(job: RestoreJob, *, method: str, attempt: int) -> str:
    """The token of one attempt: the same for the same plan, run, method, target, source and attempt.

    At most 64 characters of letters, digits and hyphens.
    """
    parts = (
        job.context.plan.name,
        job.context.run_id,
        method,
        job.resolved.target_arn,
        job.resolved.source_key,
        str(attempt),
    )
    return f"ddbbackup-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:40]}"
