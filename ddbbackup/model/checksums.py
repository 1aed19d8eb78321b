"""MD5 as AWS uses it: against damage on the way, not against forgery."""

from __future__ import annotations

import base64
import hashlib


def md5_base64(body: bytes) -> str:
    """The form of a ``Content-MD5`` header, of an export's ``.md5`` objects and of its ``md5Checksum`` members."""
    return base64.b64encode(md5_digest(body)).decode()


def md5_digest(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


def single_part_etag(digest: bytes) -> str:
    """The ETag, without quotes, of a multipart upload whose only part has this MD5.

    DynamoDB uploads the data files of an export in this way (observed on AWS: 13 of 13 objects).
    """
    return f"{md5_digest(digest).hex()}-1"
