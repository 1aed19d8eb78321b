"""How fast exports are started. AWS throttles after about twenty starts in a row (observed on AWS)."""

from __future__ import annotations

from typing import Final

START_BURST: Final = 12
START_SECONDS: Final = 1.5
STARTS_A_MINUTE: Final = round(60 / START_SECONDS)
PACE: Final = f"AWS accepts {STARTS_A_MINUTE} starts a minute"


def start_seconds(exports: int) -> float:
    """How long it takes until so many exports are started, if no other run starts any."""
    return max(0, exports - START_BURST) * START_SECONDS
