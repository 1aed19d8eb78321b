"""What AWS is given to read by itself: the ``data/`` folder of an export, which must hold exactly its data files.

An import and a bulk put know nothing of manifests: they read every object whose key begins with a prefix.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from ddbbackup.errors import DataNotWhole, Refused
from ddbbackup.ports import Cloud
from ddbbackup.restore.source import RestoreSource
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import HANDS_OVER, Permission

PERMISSIONS: Final = (Permission("s3:ListBucket", "bucket", ("restore",), HANDS_OVER),)


@dataclass(frozen=True, slots=True)
class S3Input:
    """``prefix`` ends in ``/``; ``size_bytes`` is compressed; ``notes`` say what could not be proved."""

    bucket: str
    prefix: str
    bucket_owner: str | None
    size_bytes: int
    notes: tuple[str, ...]


def prepare_s3_input(context: RunContext, source: RestoreSource, target: Cloud) -> S3Input:
    """Lists the folder and compares it with the manifest. Blocks.

    The bucket's owner is always told when the target is in another account than the plan, for AWS then needs it.
    Raises ``DataNotWhole`` for data files that are missing, ``Refused`` for objects that do not belong there.
    """
    opened = source.opened
    folder = opened.folder
    prefix = f"{folder.root}data/"
    owner = next((file.bucket_owner for file in opened.files), None)
    found = {each.key: each for each in context.source.objects.keys(folder.bucket, prefix, owner=owner)}
    wanted = {file.key: file for file in opened.files}
    missing, foreign = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    if missing:
        raise DataNotWhole(
            f"{len(missing)} of {len(wanted)} data files of {source.label} are missing, "
            f"first s3://{folder.bucket}/{missing[0]}",
            hint="restore from another backup; nothing has been written",
        )
    if foreign:
        raise Refused(
            f"{len(foreign)} objects below s3://{folder.bucket}/{prefix} are not in the manifest, first "
            f"{foreign[0]}: AWS would read them as items too",
            hint="move them away, or use `method: write`, which reads only what the manifest names",
        )
    unproved = sum(not proved(found[key].etag, file.md5) for key, file in wanted.items())
    notes = list(opened.notes)
    if unproved:
        notes.append(
            f"{unproved} data files have an ETag that does not tell their MD5 (KMS, or copied): AWS reads them as "
            "they are, `ddbbackup verify` proves them"
        )
    here, there = context.source.identity.account, target.identity.account
    return S3Input(
        bucket=folder.bucket,
        prefix=prefix,
        bucket_owner=owner or (here if here != there else None),
        size_bytes=sum(found[key].size_bytes for key in wanted),
        notes=tuple(notes),
    )


def proved(etag: str, md5: str) -> bool:
    """Whether an ETag is that of an object with this MD5: in one put, or a multipart upload of one part.

    The latter is what DynamoDB writes (observed on AWS: 13 of 13 objects).
    """
    digest = base64.b64decode(md5)
    multipart = hashlib.md5(digest, usedforsecurity=False).hexdigest() + "-1"
    return etag.strip('"') in (digest.hex(), multipart)
