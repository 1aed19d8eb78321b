"""Places in S3: one type and one parser for ``s3://`` URIs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from ddbbackup.errors import Refused
from ddbbackup.model.arn import Arn

# Amazon S3 guide, "General purpose bucket naming rules": 3 to 63 lower-case letters, digits, dots and hyphens.
_URI: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<key>.*))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class S3Location:
    """A bucket, and in it one key, all keys that begin with a prefix, or (``key`` empty) everything."""

    bucket: str
    key: str = ""

    @classmethod
    def parse(cls, uri: str) -> S3Location:
        """``s3://BUCKET``, ``s3://BUCKET/`` and ``s3://BUCKET/KEY``. Raises ``Refused`` for anything else."""
        match = _URI.match(uri)
        if match is None:
            raise Refused(f"{uri!r} is not an S3 URI", hint="use the form s3://BUCKET/KEY")
        return cls(match["bucket"], match["key"] or "")

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def __str__(self) -> str:
        return self.uri

    def arn(self, partition: str) -> Arn:
        """The ARN of the object, or of the bucket where there is no key."""
        return Arn(partition, "s3", "", "", f"{self.bucket}/{self.key}" if self.key else self.bucket)

    def with_key(self, key: str) -> S3Location:
        """Another key in the same bucket."""
        return replace(self, key=key)
