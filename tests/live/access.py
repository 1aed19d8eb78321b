"""Where the suite may run, and for how much. It refuses before it has changed anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

WHERE: Final = "DDBBACKUP_LIVE"
BOUND: Final = "DDBBACKUP_LIVE_USD"
REPLICA_REGION: Final = "DDBBACKUP_LIVE_REPLICA_REGION"
SANDBOX: Final = "sandbox"
DEFAULT_USD: Final = 5.0


class Refusal(Exception):
    """The suite must not run here. The text is for the person who started it."""


@dataclass(frozen=True)
class Permit:
    """``account`` is None for a sandbox of its own; ``usd`` is the most that a run may cost by its estimate."""

    account: str | None
    usd: float

    def check_account(self, sts: Any) -> str:
        """The account of the credentials. Raises ``Refusal`` if it is not the one that was allowed."""
        account = str(sts.get_caller_identity()["Account"])
        if self.account is not None and account != self.account:
            raise Refusal(
                f"{WHERE} allows account {self.account}, but the credentials belong to account {account}"
            )
        return account

    def check_estimate(self, usd: float) -> None:
        """Raises ``Refusal`` if a run would cost more than allowed."""
        if usd > self.usd:
            raise Refusal(
                f"the estimate is {usd:.2f} USD, and {BOUND} allows {self.usd:.2f} USD; raise it, or run a part with "
                "--only"
            )


def permit(environment: Mapping[str, str]) -> Permit:
    """What the environment allows. Raises ``Refusal`` if it allows nothing."""
    where = environment.get(WHERE, "")
    if where != SANDBOX and not re.fullmatch(r"[0-9]{12}", where):
        raise Refusal(
            f"set {WHERE} to the 12-digit ID of the AWS account in which the suite may make and remove tables, "
            f"buckets and roles, or to `{SANDBOX}`"
        )
    text = environment.get(BOUND) or str(DEFAULT_USD)
    if not re.fullmatch(r"[0-9]+([.][0-9]+)?", text):
        raise Refusal(f"{BOUND} is no amount of US dollars: {text}")
    return Permit(None if where == SANDBOX else where, float(text))
