"""What most people write: boto3's ``batch_writer``, data files as streams, items through its deserialiser.

python batch_writer.py ENDPOINT BUCKET KEY...
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config


def main(endpoint: str, bucket: str, *keys: str) -> None:
    """Prints how many items were put."""
    s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}))
    table = boto3.resource("dynamodb", endpoint_url=endpoint).Table("bench")
    deserialise: Any = TypeDeserializer().deserialize
    count = 0
    with table.batch_writer() as batch:
        for key in keys:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"]
            for line in gzip.GzipFile(fileobj=body):
                item = {name: deserialise(decoded(value)) for name, value in json.loads(line)["Item"].items()}
                batch.put_item(Item=item)
                count += 1
    print(count)


def decoded(value: dict[str, Any]) -> dict[str, Any]:
    """boto3 wants bytes where the export has base64."""
    return {"B": base64.b64decode(value["B"])} if "B" in value else value


main(*sys.argv[1:])
