"""Every open question: what nobody could find in AWS's documents or in observations of others."""

from __future__ import annotations

from typing import Final

from tests.live.model import Question
from tests.live.questions import accounts, bulk_puts, exports, tables

QUESTIONS: Final[tuple[Question, ...]] = (
    *exports.QUESTIONS,
    *tables.QUESTIONS,
    *bulk_puts.QUESTIONS,
    *accounts.QUESTIONS,
)
