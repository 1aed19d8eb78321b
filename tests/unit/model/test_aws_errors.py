"""Which limits no run can wait for."""

from __future__ import annotations

import pytest

from ddbbackup.model.aws_errors import is_permanent_limit

ENCRYPTION = (
    "Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at "
    "2026-10-09T23:25:27.800Z. After the first 4 change, each subsequent change in the same window can be performed "
    "at most once every 21600 seconds. Number of updates today: 4."
)


@pytest.mark.parametrize(
    ("message", "permanent"),
    [
        (ENCRYPTION, True),
        ("Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20", True),
        (
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
            False,
        ),
        ("Subscriber limit exceeded: Table tags are being updated: orders", False),
    ],
)
def test_the_text_of_a_limit_says_whether_it_passes(message: str, permanent: bool) -> None:
    """All of them are LimitExceededException (observed on AWS)."""
    assert is_permanent_limit(message) == permanent
