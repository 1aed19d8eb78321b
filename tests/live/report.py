"""``live-report.json``: what passed, and what AWS answered. It may be published: no credentials, no account."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import botocore

from ddbbackup import __version__
from tests.live.estimate import Charge, total
from tests.live.model import Answer, CheckResult
from tests.live.stage import Stage

FORMAT_VERSION: Final = 1
ACCOUNT: Final = "123456789012"  # what stands for every account in the report
_KEY_ID: Final = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{12,}\b")


@dataclass(frozen=True)
class Outcome:
    """A whole run. ``left`` is what could not be removed, with the reasons."""

    began: datetime
    checks: Sequence[CheckResult]
    answers: Sequence[Answer]
    left: Sequence[str]

    @property
    def problems(self) -> list[str]:
        return [
            *(f"{each.id}: {each.problem}" for each in self.checks if not each.passed),
            *(f"{each.id}: {each.problem}" for each in self.answers if each.problem is not None),
            *(f"not removed: {each}" for each in self.left),
        ]


def write_report(path: Path, stage: Stage, rows: Sequence[Charge], outcome: Outcome) -> None:
    document = {
        "format_version": FORMAT_VERSION,
        "began": _iso(outcome.began),
        "ended": _iso(datetime.now(UTC)),
        "where": "sandbox" if stage.emulated else "aws",
        "partition": stage.partition,
        "region": stage.region,
        "replica_region": stage.other_region,
        "run": stage.run,
        "ddbbackup": __version__,
        "botocore": botocore.__version__,
        "estimate": {"usd": round(total(rows), 4), "rows": [asdict(row) for row in rows]},
        "checks": [asdict(each) for each in outcome.checks],
        "questions": [asdict(each) for each in outcome.answers],
        "left": list(outcome.left),
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"
    path.write_text(published(text, stage.account), encoding="utf-8")


def published(text: str, account: str) -> str:
    """Without the account and the ids of access keys."""
    return _KEY_ID.sub("ACCESS-KEY-ID", text.replace(account, ACCOUNT))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
