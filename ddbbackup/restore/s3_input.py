"""The input of an import or a bulk put: the ``data/`` folder of an export, which AWS reads."""

from __future__ import annotations

from dataclasses import dataclass

from ddbbackup.restore.method import RestoreJob


@dataclass(frozen=True, slots=True)
class S3Input:
    """``prefix`` ends in ``/``. ``size_bytes`` is the compressed size. ``notes`` say what was not verified."""

    bucket: str
    prefix: str
    bucket_owner: str | None
    size_bytes: int
    notes: tuple[str, ...]


def build_s3_input(job: RestoreJob) -> S3Input:
    """The bucket owner is set if the target is in another account than the bucket, as AWS requires."""
    data_files = job.files
    notes = list(job.backup.notes)
    if data_files.unverifiable:
        notes.append(
            f"not verified: {data_files.unverifiable} data files, because their ETag does not show their MD5 "
            "(encrypted with KMS, or copied); run `ddbbackup verify` to verify them"
        )
    source_account, target_account = job.context.source.identity.account, job.cloud.identity.account
    return S3Input(
        bucket=data_files.bucket,
        prefix=data_files.prefix,
        bucket_owner=data_files.bucket_owner
        or (source_account if source_account != target_account else None),
        size_bytes=data_files.size_bytes,
        notes=tuple(notes),
    )
