"""Other accounts of the sandbox, which keeps accounts apart by the credentials of assumed roles."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.support.aws import REGION, Aws


class Account:
    """The account of a role, and the clients of that role."""

    def __init__(self, aws: Aws, role: str, region: str = REGION) -> None:
        sts = aws.client("sts", region)
        keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        session = boto3.Session(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=region
        )
        self.dynamodb: Any = session.client("dynamodb", endpoint_url=aws.url)
        self.s3: Any = session.client("s3", endpoint_url=aws.url)

    def ids(self, table: str) -> list[str]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table)
        return sorted(item["id"]["S"] for page in pages for item in page["Items"])

    def has(self, table: str) -> bool:
        try:
            self.dynamodb.describe_table(TableName=table)
        except ClientError:
            return False
        return True
