"""S3: manifests and records as whole objects, data files as streams."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from ddbbackup.aws.error_map import code_of, explained
from ddbbackup.errors import Conflict, DataNotWhole, ObjectMissing
from ddbbackup.ports import ObjectFacts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK_BYTES: Final = 512 << 10
RESUMES: Final = 4  # how often in a row a body may break off without having given a byte
_BROKEN = (HTTPClientError, IncompleteReadError)


class S3Objects:
    """Implements ``ports.Objects``. The client follows a bucket to its region by itself (botocore)."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def head(self, bucket: str, key: str, *, owner: str | None = None) -> ObjectFacts | None:
        with explained(f"look at s3://{bucket}/{key}"):
            try:
                answer = self._client.head_object(Bucket=bucket, Key=key, **_owner(owner))
            except ClientError as error:
                if code_of(error) in ("404", "NoSuchKey"):
                    return None
                raise
        return ObjectFacts(key, answer["ContentLength"], answer["ETag"], answer.get("VersionId"))

    def read(
        self, bucket: str, key: str, *, limit_bytes: int, owner: str | None = None
    ) -> tuple[bytes, ObjectFacts]:
        with explained(f"read s3://{bucket}/{key}"):
            answer = self._client.get_object(Bucket=bucket, Key=key, **_owner(owner))
            with answer["Body"] as stream:
                body = stream.read(limit_bytes + 1)
        if len(body) > limit_bytes:
            raise DataNotWhole(
                f"s3://{bucket}/{key} is larger than {limit_bytes} bytes, which nothing of its kind is",
                hint="find out who wrote the object, and do not use this backup",
            )
        return body, ObjectFacts(key, len(body), answer["ETag"], answer.get("VersionId"))

    @contextmanager
    def stream(self, bucket: str, key: str, *, owner: str | None = None) -> Iterator[S3Stream]:
        with explained(f"read s3://{bucket}/{key}"):
            answer = self._client.get_object(Bucket=bucket, Key=key, **_owner(owner))
        stream = S3Stream(self._client, bucket, key, owner, answer)
        try:
            yield stream
        finally:
            stream.close()

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        *,
        content_type: str,
        owner: str | None = None,
        if_none_match: bool = False,
        if_match: str | None = None,
        kms_key_id: str | None = None,
    ) -> str:
        """A condition that fails because our own first try succeeded and only its answer was lost is no conflict.

        The MD5 goes with it because a bucket whose Object Lock has a default retention takes no object without a
        checksum, and with endpoints of the user's own the SDK sends none by itself.
        """
        wish: dict[str, Any] = {"Bucket": bucket, "Key": key, "Body": body, "ContentType": content_type}
        wish |= {"ContentMD5": _md5(body), **_owner(owner)}
        if if_none_match:
            wish["IfNoneMatch"] = "*"
        if if_match is not None:
            wish["IfMatch"] = if_match
        if kms_key_id is not None:
            wish |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}
        try:
            with explained(f"write s3://{bucket}/{key}"):
                return self._client.put_object(**wish)["ETag"]
        except Conflict:
            found = self._same(bucket, key, body, owner)
            if found is None:
                raise
            return found.etag

    def keys(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[ObjectFacts]:
        with explained(f"list s3://{bucket}/{prefix}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=prefix, **_owner(owner)
            )
            for page in pages:
                for each in page.get("Contents", ()):
                    yield ObjectFacts(each["Key"], each["Size"], each["ETag"])

    def folders(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[str]:
        with explained(f"list s3://{bucket}/{prefix}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=prefix, Delimiter="/", **_owner(owner)
            )
            for page in pages:
                yield from (each["Prefix"] for each in page.get("CommonPrefixes", ()))

    def delete(self, bucket: str, key: str, *, owner: str | None = None) -> None:
        with explained(f"delete s3://{bucket}/{key}"):
            self._client.delete_object(Bucket=bucket, Key=key, **_owner(owner))

    def _same(self, bucket: str, key: str, body: bytes, owner: str | None) -> ObjectFacts | None:
        try:
            found, facts = self.read(bucket, key, limit_bytes=len(body), owner=owner)
        except (ObjectMissing, DataNotWhole):
            return None
        return facts if found == body else None


class S3Stream:
    """Implements ``ports.ObjectStream``: a body that breaks off is taken up where it stopped.

    The ETag of the first answer goes with every further one, so that two versions are never mixed.
    """

    def __init__(self, client: S3Client, bucket: str, key: str, owner: str | None, answer: Any) -> None:
        self._client = client
        self._place: dict[str, str] = {"Bucket": bucket, "Key": key, **_owner(owner)}
        self._name = f"s3://{bucket}/{key}"
        self._etag: str = answer["ETag"]
        self._body = answer["Body"]
        self.size_bytes: int = answer["ContentLength"]
        self.version_id: str | None = answer.get("VersionId")

    def __iter__(self) -> Iterator[bytes]:
        done = stuck = 0
        while True:
            try:
                for chunk in self._body.iter_chunks(CHUNK_BYTES):
                    done, stuck = done + len(chunk), 0
                    yield chunk
                return
            except _BROKEN:
                stuck += 1
                if stuck > RESUMES:
                    with explained(f"read {self._name} beyond byte {done} of {self.size_bytes}"):
                        raise
            self._resume(done)

    def close(self) -> None:
        self._body.close()

    def _resume(self, done: int) -> None:
        self._body.close()
        with explained(f"read {self._name} from byte {done}"):
            answer = self._client.get_object(
                **self._place,  # type: ignore[arg-type]
                Range=f"bytes={done}-",
                IfMatch=self._etag,
            )
        self._body = answer["Body"]


def _owner(owner: str | None) -> dict[str, Any]:
    return {"ExpectedBucketOwner": owner} if owner is not None else {}


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
