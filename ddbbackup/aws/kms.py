"""KMS: DescribeKey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ddbbackup.aws.error_map import code_of, translate_errors
from ddbbackup.ports import KmsKeyFacts

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class Kms:
    """Implements ``ports.KmsKeys``."""

    def __init__(self, client: KMSClient) -> None:
        self._client = client

    def describe(self, key_id: str) -> KmsKeyFacts | None:
        with translate_errors(f"describe KMS key {key_id}"):
            try:
                metadata = self._client.describe_key(KeyId=key_id)["KeyMetadata"]
            except ClientError as error:
                if code_of(error) == "NotFoundException":
                    return None
                raise
        return KmsKeyFacts(
            arn=metadata.get("Arn", key_id),
            state=metadata.get("KeyState", "Enabled"),
            usage=metadata.get("KeyUsage", "ENCRYPT_DECRYPT"),
            spec=metadata.get("KeySpec", "SYMMETRIC_DEFAULT"),
            manager=metadata.get("KeyManager", "CUSTOMER"),
        )
