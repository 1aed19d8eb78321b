"""What moto ignores in S3: ``x-amz-expected-bucket-owner``, bucket policies, the KMS key of a put, ended uploads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.models import get_account_id_from
from moto.kms.models import kms_backends
from moto.s3.models import FakeBucket, s3_backends
from moto.s3.responses import S3Response

from ddbbackup.model.arn import Arn
from ddbbackup.sandbox.bucket_policies import denies

_ORIGINALS: Final = {name: getattr(S3Response, name) for name in ("bucket_response", "key_response")}
_ALGORITHM: Final = "x-amz-server-side-encryption"
CONFLICTS: Final[Counter[str]] = Counter()
"""By bucket, how many of the next conditional puts meet another put of the same key. Tests set it."""

_KEY: Final = "x-amz-server-side-encryption-aws-kms-key-id"


@dataclass(frozen=True, slots=True)
class Encryption:
    """The encryption headers of a put: ``AES256`` or ``aws:kms``, and the key as it was sent."""

    algorithm: str | None = None
    key: str | None = None


class S3Refusal(Exception):
    """``code`` and ``message`` of S3."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def install() -> None:
    """Replaces moto's handlers."""
    for name, original in _ORIGINALS.items():
        setattr(S3Response, name, _strict(original))
    setattr(FakeBucket, "get_permission", _permission_without_conditions)  # noqa: B010 - mypy refuses an assignment


def check_put(bucket: str, key: str, account: str, encryption: Encryption) -> None:
    """Raises ``S3Refusal`` if the bucket policy denies the put, or its KMS key does not exist.

    ``account`` is the requester's. The policy is compared with the ARN of the key that S3 would use.
    """
    partition, owner = s3_backends.bucket_accounts[bucket]
    stored = s3_backends[owner][partition].get_bucket(bucket)
    key_arn = _key_arn(encryption, account, stored.region_name) if encryption.algorithm == "aws:kms" else None
    if stored.policy and denies(
        stored.policy,
        "s3:PutObject",
        f"arn:{partition}:s3:::{bucket}/{key}",
        {f"s3:{_ALGORITHM}": encryption.algorithm, f"s3:{_KEY}": key_arn},
    ):
        raise S3Refusal(
            403,
            "AccessDenied",
            f"User: arn:{partition}:iam::{account}:user/sandbox is not authorized to perform: s3:PutObject on "
            f'resource: "arn:{partition}:s3:::{bucket}/{key}" with an explicit deny in a resource-based policy',
        )


def _key_arn(encryption: Encryption, account: str, region: str) -> str | None:
    """The key that S3 uses: it resolves an alias or a bare key id in the account of the requester.

    (botocore's model of PutObject: SSEKMSKeyId.) None for the AWS managed key.
    """
    if encryption.key is None:
        return None
    arn = Arn.parse_if_arn(encryption.key)
    home, region = (arn.account, arn.region) if arn is not None else (account, region)
    backend = kms_backends[home][region]
    name = arn.resource if arn is not None else encryption.key
    key_id = backend.get_key_id_from_alias(name) if name.startswith("alias/") else name.removeprefix("key/")
    if key_id not in backend.keys:
        raise S3Refusal(
            400,
            "KMS.NotFoundException",
            f"Key 'arn:aws:kms:{region}:{home}:{name if '/' in name else f'key/{name}'}' does not exist",
        )
    return str(backend.keys[key_id].arn)


def _permission_without_conditions(bucket: FakeBucket, action: str, resource: str) -> Any:
    """What moto decides about a request; it would ignore conditions, so it gets no statement that has one."""
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    policy["Statement"] = [each for each in policy["Statement"] if "Condition" not in each]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def _strict(original: Callable[..., Any]) -> Callable[..., Any]:
    def respond(self: S3Response, request: Any, full_url: str, headers: Any) -> Any:
        bucket, _, key = unquote(urlsplit(full_url).path).lstrip("/").partition("/")
        expected = request.headers.get("x-amz-expected-bucket-owner")
        try:
            if expected not in (None, _owner(bucket)):
                raise S3Refusal(403, "AccessDenied", "Access Denied")
            if request.method == "PUT" and key and _conflicts(request, bucket):
                message = (
                    "A conflicting conditional operation is currently in progress against this resource."
                )
                raise S3Refusal(409, "ConditionalRequestConflict", f"{message} Please try again.")
            query = parse_qs(urlsplit(full_url).query, keep_blank_values=True)
            if "uploadId" in query:
                _check_upload(bucket, query["uploadId"][0])
            elif key and bucket in s3_backends.bucket_accounts and _begins_object(request.method, query):
                sent = Encryption(request.headers.get(_ALGORITHM), request.headers.get(_KEY))
                check_put(bucket, key, _requester(request), sent)
        except S3Refusal as refusal:
            return _error(request, refusal)
        return original(self, request, full_url, headers)

    return respond


def _begins_object(method: str, query: dict[str, list[str]]) -> bool:
    """A put, or the beginning of an upload. Its parts are encrypted as that said, and policies hold for it."""
    return method == "PUT" or (method == "POST" and "uploads" in query)


def _check_upload(bucket: str, upload_id: str) -> None:
    """Raises ``S3Refusal`` for an upload that was completed or aborted, for which moto has no answer (S3 API)."""
    partition, owner = s3_backends.bucket_accounts[bucket]
    if upload_id not in s3_backends[owner][partition].get_bucket(bucket).multiparts:
        raise S3Refusal(
            404,
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
            "or completed.",
        )


def _conflicts(request: Any, bucket: str) -> bool:
    conditional = request.headers.get("If-None-Match") or request.headers.get("If-Match")
    if not CONFLICTS[bucket] or not conditional:
        return False
    CONFLICTS[bucket] -= 1
    return True


def _error(request: Any, refusal: S3Refusal) -> tuple[int, dict[str, str], str]:
    """A HEAD response has no body."""
    body = f"<Error><Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message></Error>"
    return refusal.status, {"content-type": "application/xml"}, "" if request.method == "HEAD" else body


def _requester(request: Any) -> str:
    """The account of the credentials that signed the request."""
    signer = S3Response.access_key_regex.search(request.headers.get("Authorization", ""))
    return str(get_account_id_from(signer.group("access_key") if signer else ""))


def _owner(bucket: str) -> str | None:
    """The account of the bucket; None if it does not exist."""
    account = s3_backends.bucket_accounts.get(bucket)
    return account[1] if account else None
