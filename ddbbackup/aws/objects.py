"""S3 objects: manifests and records are read at once, data files as streams."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from urllib3.exceptions import HTTPError

from ddbbackup.aws.archives import archive_in_head, archive_in_listing
from ddbbackup.aws.error_codes import CHECK_NETWORK
from ddbbackup.aws.error_map import code_of, from_client_error, translate_errors
from ddbbackup.aws.pages import pages_of
from ddbbackup.errors import Conflict, DataIncomplete, DdbBackupError, ObjectMissing, Unreachable
from ddbbackup.model.checksums import crc32, md5_base64
from ddbbackup.model.encryption import Encryption
from ddbbackup.model.numbers import counted
from ddbbackup.model.s3_location import S3Location
from ddbbackup.ports import ObjectFacts, RetrievalTier, Upload, UploadedPart

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        CompletedPartTypeDef,
        DeleteTypeDef,
        GetObjectOutputTypeDef,
        GetObjectRequestTypeDef,
        RestoreRequestTypeDef,
    )

CHUNK_BYTES: Final = 512 << 10
MAX_RESUMES: Final = 4  # in a row, without a byte between them
_RETRIEVED_BEFORE: Final = ("RestoreAlreadyInProgress", "ObjectAlreadyInActiveTierError")
_UNUSED: Final = re.compile(rb"<LastModified>[^<]*</LastModified>|<Checksum\w+>[^<]*</Checksum\w+>")
_NO_UPLOAD: Final = ("NoSuchUpload", "404")
_INTERRUPTED: Final = (HTTPClientError, IncompleteReadError, HTTPError)


class S3Objects:
    """Implements ``ports.Objects``. botocore redirects requests to the region of the bucket."""

    def __init__(self, client: S3Client) -> None:
        self._client = client
        client.meta.events.register(
            "before-parse.s3.ListObjectsV2", _drop_unused, unique_id="ddbbackup-listing"
        )

    def head(self, bucket: str, key: str, *, owner: str | None = None) -> ObjectFacts | None:
        with translate_errors(f"read {S3Location(bucket, key)}"):
            try:
                response = self._client.head_object(Bucket=bucket, Key=key, **expected_owner(owner))
            except ClientError as error:
                if code_of(error) in ("404", "NoSuchKey"):
                    return None
                raise
        return ObjectFacts(
            key,
            response["ContentLength"],
            response["ETag"],
            response.get("VersionId"),
            archive=archive_in_head(response),
        )

    def read(
        self, bucket: str, key: str, *, limit_bytes: int, owner: str | None = None
    ) -> tuple[bytes, ObjectFacts]:
        """Checks the length: botocore does not where it reads a part of a body."""
        location = S3Location(bucket, key)
        with translate_errors(f"read {location}"):
            response = self._client.get_object(Bucket=bucket, Key=key, **expected_owner(owner))
            with response["Body"] as stream:
                body = stream.read(limit_bytes + 1)
        if len(body) > limit_bytes:
            raise DataIncomplete(
                f"{location} is larger than the limit of {limit_bytes} bytes for objects of its kind",
                hint="find out who wrote the object, and do not use this backup",
            )
        if len(body) != response["ContentLength"]:
            raise Unreachable(
                f"could not read {location}: {len(body)} of {response['ContentLength']} bytes arrived",
                hint="check network, proxy and endpoint, then run the same command again",
            )
        return body, ObjectFacts(key, len(body), response["ETag"], response.get("VersionId"))

    @contextmanager
    def stream(self, bucket: str, key: str, *, owner: str | None = None) -> Iterator[S3Stream]:
        with translate_errors(f"read {S3Location(bucket, key)}"):
            response = self._client.get_object(Bucket=bucket, Key=key, **expected_owner(owner))
        stream = S3Stream(self._client, bucket, key, owner, response)
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
        encryption: Encryption,
        owner: str | None = None,
        if_none_match: bool = False,
        if_match: str | None = None,
    ) -> str:
        """A failed condition is no conflict if this request was sent twice and only the first response was lost.

        The request carries an MD5: a bucket with a default retention of Object Lock refuses objects without a
        checksum (S3 API: PutObject), and the SDK adds none for custom endpoints.
        """
        condition: _Condition = {"IfNoneMatch": "*"} if if_none_match else {}
        if if_match is not None:
            condition["IfMatch"] = if_match
        try:
            with translate_errors(f"write {S3Location(bucket, key)}"):
                return self._client.put_object(
                    Bucket=bucket,
                    Key=key,
                    Body=body,
                    ContentType=content_type,
                    ContentMD5=md5_base64(body),
                    **encryption_headers(encryption),
                    **expected_owner(owner),
                    **condition,
                )["ETag"]
        except Conflict:
            existing = self._identical(bucket, key, body, owner)
            if existing is None:
                raise
            return existing.etag

    def keys(
        self,
        bucket: str,
        prefix: str,
        *,
        owner: str | None = None,
        start_after: str | None = None,
        recursive: bool = True,
    ) -> Iterator[ObjectFacts]:
        with translate_errors(f"list {S3Location(bucket, prefix)}"):
            parameters = {"Bucket": bucket, "Prefix": prefix, **expected_owner(owner)}
            parameters["OptionalObjectAttributes"] = ["RestoreStatus"]
            if start_after is not None:
                parameters["StartAfter"] = start_after
            if not recursive:
                parameters["Delimiter"] = "/"
            for page in pages_of(self._client, "list_objects_v2", **parameters):
                for each in page.get("Contents", ()):
                    yield ObjectFacts(
                        each["Key"],
                        each["Size"],
                        each["ETag"],
                        archive=archive_in_listing(each),
                        tiered=each.get("StorageClass") == "INTELLIGENT_TIERING",
                    )

    def folders(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[str]:
        with translate_errors(f"list {S3Location(bucket, prefix)}"):
            parameters = {"Bucket": bucket, "Prefix": prefix, "Delimiter": "/", **expected_owner(owner)}
            for page in pages_of(self._client, "list_objects_v2", **parameters):
                yield from (each["Prefix"] for each in page.get("CommonPrefixes", ()))

    def retrieve(
        self, bucket: str, facts: ObjectFacts, *, tier: RetrievalTier, days: int, owner: str | None = None
    ) -> None:
        """S3 refuses ``Days`` for INTELLIGENT_TIERING, whose objects move back for good (S3 guide)."""
        request: RestoreRequestTypeDef = {
            "GlacierJobParameters": {"Tier": "Standard" if tier == "standard" else "Bulk"}
        }
        if not facts.tiered:
            request["Days"] = days
        with translate_errors(f"retrieve {S3Location(bucket, facts.key)}"):
            try:
                self._client.restore_object(
                    Bucket=bucket, Key=facts.key, RestoreRequest=request, **expected_owner(owner)
                )
            except ClientError as error:
                if code_of(error) not in _RETRIEVED_BEFORE:
                    raise

    def delete(self, bucket: str, key: str, *, owner: str | None = None) -> None:
        with translate_errors(f"delete {S3Location(bucket, key)}"):
            self._client.delete_object(Bucket=bucket, Key=key, **expected_owner(owner))

    def delete_many(
        self, bucket: str, keys: Sequence[str], *, owner: str | None = None
    ) -> Mapping[str, DdbBackupError]:
        """Asks S3 to name every deleted object: an object that the response does not name is not taken for deleted.

        The SDK adds the checksum that S3 requires of this request (S3 API: DeleteObjects).
        """
        if not keys:
            return {}
        delete: DeleteTypeDef = {"Objects": [{"Key": key} for key in keys], "Quiet": False}
        with translate_errors(f"delete {counted(len(keys), 'object')} in s3://{bucket}"):
            response = self._client.delete_objects(Bucket=bucket, Delete=delete, **expected_owner(owner))
        deleted = {each["Key"] for each in response.get("Deleted", ()) if "Key" in each}
        reported = {each["Key"]: each for each in response.get("Errors", ()) if "Key" in each}
        errors: dict[str, DdbBackupError] = {}
        for key in keys:
            action = f"delete {S3Location(bucket, key)}"
            if key in reported:
                code, message = reported[key].get("Code", ""), reported[key].get("Message", "")
                if code != "NoSuchKey":
                    error = ClientError({"Error": {"Code": code, "Message": message}}, "DeleteObjects")
                    errors[key] = from_client_error(error, action)
            elif key not in deleted:
                errors[key] = Unreachable(
                    f"could not {action}: the response does not name the object", hint=CHECK_NETWORK
                )
        return errors

    def begin_upload(
        self,
        bucket: str,
        key: str,
        *,
        content_type: str,
        encryption: Encryption,
        owner: str | None = None,
    ) -> Upload:
        """S3 accepts CRC-32 checksums of the parts only if the upload was begun with them (observed by others)."""
        with translate_errors(f"begin the upload of {S3Location(bucket, key)}"):
            response = self._client.create_multipart_upload(
                Bucket=bucket,
                Key=key,
                ContentType=content_type,
                ChecksumAlgorithm="CRC32",
                **encryption_headers(encryption),
                **expected_owner(owner),
            )
        return Upload(key, response["UploadId"])

    def put_part(
        self, bucket: str, upload: Upload, number: int, body: bytes, *, md5: bytes, owner: str | None = None
    ) -> UploadedPart:
        """S3 compares the part with two checksums: other servers know MD5 only."""
        checksum = base64.b64encode(crc32(body).to_bytes(4, "big")).decode()
        with translate_errors(f"upload part {number} of {S3Location(bucket, upload.key)}"):
            response = self._client.upload_part(
                Bucket=bucket,
                Key=upload.key,
                UploadId=upload.id,
                PartNumber=number,
                Body=body,
                ContentMD5=base64.b64encode(md5).decode(),
                ChecksumCRC32=checksum,
                **expected_owner(owner),
            )
        return UploadedPart(response["ETag"], checksum)

    def complete_upload(
        self, bucket: str, upload: Upload, parts: Sequence[UploadedPart], *, owner: str | None = None
    ) -> str:
        """botocore turns an error that S3 sends with the status 200 into an exception."""
        completed: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": part.etag, "ChecksumCRC32": part.crc32}
            for number, part in enumerate(parts, start=1)
        ]
        with translate_errors(f"complete the upload of {S3Location(bucket, upload.key)}"):
            response = self._client.complete_multipart_upload(
                Bucket=bucket,
                Key=upload.key,
                UploadId=upload.id,
                MultipartUpload={"Parts": completed},
                **expected_owner(owner),
            )
        return response["ETag"]

    def abort_upload(self, bucket: str, upload: Upload, *, owner: str | None = None) -> None:
        with translate_errors(f"abort the upload of {S3Location(bucket, upload.key)}"):
            try:
                self._client.abort_multipart_upload(
                    Bucket=bucket, Key=upload.key, UploadId=upload.id, **expected_owner(owner)
                )
            except ClientError as error:
                if code_of(error) not in _NO_UPLOAD:
                    raise

    def uploads(self, bucket: str, prefix: str, *, owner: str | None = None) -> Iterator[Upload]:
        with translate_errors(f"list the uploads below {S3Location(bucket, prefix)}"):
            parameters = {"Bucket": bucket, "Prefix": prefix, **expected_owner(owner)}
            for page in pages_of(self._client, "list_multipart_uploads", **parameters):
                yield from (Upload(each["Key"], each["UploadId"]) for each in page.get("Uploads", ()))

    def _identical(self, bucket: str, key: str, body: bytes, owner: str | None) -> ObjectFacts | None:
        try:
            existing, facts = self.read(bucket, key, limit_bytes=len(body), owner=owner)
        except (ObjectMissing, DataIncomplete):
            return None
        return facts if existing == body else None


class S3Stream:
    """Implements ``ports.ObjectStream``: resumes a body that is interrupted, from the byte where it stopped.

    Every further request carries the ETag of the first response, so that two versions are never mixed.
    """

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        key: str,
        owner: str | None,
        response: GetObjectOutputTypeDef,
    ) -> None:
        self._client = client
        self._request: GetObjectRequestTypeDef = {
            "Bucket": bucket,
            "Key": key,
            "IfMatch": response["ETag"],
        }
        if owner is not None:
            self._request["ExpectedBucketOwner"] = owner
        self._uri = S3Location(bucket, key).uri
        self._body = response["Body"]
        self.size_bytes = response["ContentLength"]
        self.version_id = response.get("VersionId")

    def __iter__(self) -> Iterator[bytes]:
        offset = resumes = 0
        while True:
            try:
                for chunk in self._body.iter_chunks(CHUNK_BYTES):
                    offset, resumes = offset + len(chunk), 0
                    yield chunk
                return
            except _INTERRUPTED:
                resumes += 1
                if resumes > MAX_RESUMES:
                    with translate_errors(f"read {self._uri} beyond byte {offset} of {self.size_bytes}"):
                        raise
            self._resume(offset)

    def close(self) -> None:
        self._body.close()

    def _resume(self, offset: int) -> None:
        self._body.close()
        self._request["Range"] = f"bytes={offset}-"
        with translate_errors(f"read {self._uri} from byte {offset}"):
            response = self._client.get_object(**self._request)
        self._body = response["Body"]


def _drop_unused(response_dict: MutableMapping[str, Any], **_: Any) -> None:
    """Takes out of a listing what nobody reads: the SDK spends six sevenths of its time on these times (measured)."""
    response_dict["body"] = _UNUSED.sub(b"", response_dict["body"])


class ExpectedOwner(TypedDict, total=False):
    ExpectedBucketOwner: str


def expected_owner(owner: str | None) -> ExpectedOwner:
    """The parameter that makes S3 refuse a bucket of any other account."""
    return {"ExpectedBucketOwner": owner} if owner is not None else {}


class _Condition(TypedDict, total=False):
    IfNoneMatch: str
    IfMatch: str


class EncryptionHeaders(TypedDict, total=False):
    ServerSideEncryption: Literal["AES256", "aws:kms"]
    SSEKMSKeyId: str


def encryption_headers(encryption: Encryption) -> EncryptionHeaders:
    """The parameters that say how S3 encrypts a new object, whatever the bucket does by default."""
    headers: EncryptionHeaders = {
        "ServerSideEncryption": "aws:kms" if encryption.algorithm == "KMS" else "AES256"
    }
    if encryption.kms_key_id is not None:
        headers["SSEKMSKeyId"] = encryption.kms_key_id
    return headers
