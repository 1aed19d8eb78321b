"""Writes the figures of a full run to docs/reliability.md."""
from __future__ import annotations
from collections.abc import Sequence
from tests.faults.model import Played

def write_figures(results: Sequence[Played], *, scenarios: int, seeds: int, seconds: float) -> None:
    raise NotImplementedError
