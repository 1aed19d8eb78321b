"""What AWS is given to read by itself: the ``data/`` folder of an export, which holds exactly its data files."""

from __future__ import annotations

from dataclasses import dataclass

from ddbbackup.restore.method import RestoreJob


@dataclass(frozen=True, slots=True)
class S3Input:
    """``prefix`` ends in ``/``; ``size_bytes`` is compressed; ``notes`` say what could not be proven."""

    bucket: str
    prefix: str
    bucket_owner: str | None
    size_bytes: int
    notes: tuple[str, ...]


def s3_input(job: RestoreJob) -> S3Input:
    """AWS needs the bucket's owner wherever the target is in another account than the bucket."""
    found = job.files
    notes = list(job.backup.opened.notes)
    if found.unproven:
        notes.append(
            f"{found.unproven} data files have an ETag that does not tell their MD5 (encrypted by KMS, or copied): "
            "AWS reads them unverified, `ddbbackup verify` proves them"
        )
    here, there = job.context.source.identity.account, job.cloud.identity.account
    return S3Input(
        bucket=found.bucket,
        prefix=found.prefix,
        bucket_owner=found.bucket_owner or (here if here != there else None),
        size_bytes=found.size_bytes,
        notes=tuple(notes),
    )
