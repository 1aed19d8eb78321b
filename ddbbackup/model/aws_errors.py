"""Errors of AWS whose code says too little: what their text decides."""

from __future__ import annotations

import re
from typing import Final

_SKEWED: Final = ("Signature expired", "Signature not yet current")
# A quota that stays used up, or that renews after hours. Limits on what runs at the same time say "simultaneously"
# or "concurrent", and have room again in minutes. Sources: DynamoDB API, LimitExceededException; observed texts.
_PERMANENT: Final = re.compile(
    r"\blimit of \d+ tables|\bper (?:UTC )?day\b|\bUTC day\b|\bhours?\b|\b\d+ days?\b|\bdecreases?\b"
    r"|\b\d+h window\b|\bexceeds per-table limit\b"
    r"|\bmaximum (?:number|capacity)\b|\bexceeds? the (?:maximum|account|table) ",
    re.IGNORECASE,
)


def is_clock_skew(code: str, message: str) -> bool:
    """Whether AWS rejects the time of a signature, not its key (Signature Version 4: troubleshooting).

    The time is more than five minutes off, fifteen for S3: this machine's clock is wrong, or it was suspended.
    """
    return code == "RequestTimeTooSkewed" or ("Signature" in code and message.lstrip().startswith(_SKEWED))


def is_permanent_limit(message: str) -> bool:
    """Whether a LimitExceededException is about a quota that no run can wait for."""
    return _PERMANENT.search(message) is not None and "simultaneously" not in message
