"""Amazon SNS: Publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ddbbackup.aws.error_map import explained


class SnsTopics:
    """Implements ``ports.Topics``; ``client`` makes a client of a region."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def publish(self, topic_arn: str, *, subject: str, message: str, attributes: Mapping[str, str]) -> None:
        client = self._client(topic_arn.split(":")[3])
        with explained("publish to the SNS topic"):
            client.publish(
                TopicArn=topic_arn,
                Subject=subject,
                Message=message,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                },
            )
