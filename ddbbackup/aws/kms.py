"""KMS: DescribeKey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ddbbackup.aws.error_map import code_of, explained
from ddbbackup.ports import KmsKeyFacts

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class Kms:
    """Implements ``ports.KmsKeys``."""

    def __init__(self, client: KMSClient) -> None:
        self._client = client

    def describe(self, key_id: str) -> KmsKeyFacts | None:
        with explained(f"describe the KMS key {key_id}"):
            try:
                said = self._client.describe_key(KeyId=key_id)["KeyMetadata"]
            except ClientError as error:
                if code_of(error) == "NotFoundException":
                    return None
                raise
        return KmsKeyFacts(
            arn=said.get("Arn", key_id),
            state=said.get("KeyState", "Enabled"),
            usage=said.get("KeyUsage", "ENCRYPT_DECRYPT"),
            spec=said.get("KeySpec", "SYMMETRIC_DEFAULT"),
            manager=said.get("KeyManager", "CUSTOMER"),
        )
