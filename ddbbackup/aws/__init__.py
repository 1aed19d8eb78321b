"""The only room that knows boto3: sessions, tables, exports, objects, items, and what AWS's errors mean."""

from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.session import Connection

__all__ = ["AwsCloud", "Connection", "connect"]


def connect(connection: Connection) -> AwsCloud:
    """AWS as this connection sees it; nothing is sent yet."""
    return AwsCloud(connection)
