"""The partition of a Region: AWS keeps accounts and ARNs of partitions apart."""

from __future__ import annotations

from typing import Final

# botocore's data (partitions.json): the regular expressions of Regions. No prefix begins another one.
_BY_PREFIX: Final = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
}


def partition_of(region: str) -> str:
    """Such as ``aws``, or ``aws-cn`` for Regions in China."""
    return next((name for prefix, name in _BY_PREFIX.items() if region.startswith(prefix)), "aws")
