"""MD5 and CRC-32 as AWS uses them: against damage on the way, not against forgery."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence

try:
    from isal import isal_zlib as _zlib
except ImportError:  # no wheel for this platform: the standard library does the same, at a tenth of the speed
    import zlib as _zlib  # type: ignore[no-redef]

crc32: Callable[..., int] = _zlib.crc32
"""The CRC-32 of bytes; of several pieces one after the other, if the CRC-32 so far is passed with the next one."""


def md5_base64(body: bytes) -> str:
    """The form of a ``Content-MD5`` header, of an export's ``.md5`` objects and of its ``md5Checksum`` members."""
    return base64.b64encode(md5_digest(body)).decode()


def md5_digest(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


def multipart_etag(digests: Sequence[bytes]) -> str:
    """The ETag, without quotes, of a multipart upload of parts with these MD5; not with SSE-KMS (S3 API: Object)."""
    return f"{md5_digest(b''.join(digests)).hex()}-{len(digests)}"


def single_part_etag(digest: bytes) -> str:
    """The ETag, without quotes, of a multipart upload whose only part has this MD5.

    DynamoDB uploads the data files of an export in this way (observed on AWS: 13 of 13 objects).
    """
    return multipart_etag([digest])
