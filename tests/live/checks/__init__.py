"""Every check of the suite."""

from __future__ import annotations

from typing import Final

from tests.live.checks import backups, contracts, policies, settings
from tests.live.model import Check

# Those that take longest first.
CHECKS: Final[tuple[Check, ...]] = (
    *settings.CHECKS,
    *policies.CHECKS,
    *backups.CHECKS,
    *contracts.CHECKS,
)
