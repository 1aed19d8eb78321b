"""Amazon SNS: Publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ddbbackup.aws.error_map import translate_errors
from ddbbackup.model.arn import Arn

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class SnsTopics:
    """Implements ``ports.Topics``; ``client`` makes the client of a region."""

    def __init__(self, client: Callable[[str], SNSClient]) -> None:
        self._client = client

    def publish(self, topic_arn: str, *, subject: str, message: str, attributes: Mapping[str, str]) -> None:
        client = self._client(Arn.parse(topic_arn).region)
        with translate_errors(f"publish to the SNS topic {topic_arn}"):
            client.publish(
                TopicArn=topic_arn,
                Subject=subject,
                Message=message,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
