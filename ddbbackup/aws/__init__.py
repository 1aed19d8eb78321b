"""The only package that uses boto3: sessions, one adapter per service, and the translation of AWS errors."""

from ddbbackup.aws.cloud import AwsCloud
from ddbbackup.aws.session import Connection

__all__ = ["AwsCloud", "Connection", "connect"]


def connect(connection: Connection) -> AwsCloud:
    """AWS through this connection. Sends nothing yet."""
    return AwsCloud(connection)
