"""Select the method of a restore: what each method can do, how long it takes, what it costs. Pure.

The rules of ``auto`` and their reasons are in docs/decisions/0004-how-auto-chooses.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from ddbbackup.model.assessment import Blocker
from ddbbackup.model.cost import Cost
from ddbbackup.pricing.prices import Prices
from ddbbackup.restore.estimate import Estimate
from ddbbackup.restore.method import RestoreMethod
from ddbbackup.restore.method_inputs import MethodInputs

MethodName = Literal["write", "import", "bulk-put", "point-in-time", "snapshot"]

AUTO_METHODS: Final[tuple[MethodName, ...]] = ("write", "import")
# An import takes minutes even for a small table (observed on AWS), so short writes are not worth one.
IMPORT_FROM_SECONDS: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One method. ``estimate`` is None if the amount of data is unknown. ``reason``: why it is selected or not."""

    method: MethodName
    blockers: tuple[Blocker, ...]
    estimate: Estimate | None
    experimental: bool = False
    selected: bool = False
    reason: str = ""

    @property
    def possible(self) -> bool:
        return not self.blockers

    @property
    def seconds(self) -> float | None:
        return self.estimate.seconds if self.estimate else None

    @property
    def cost(self) -> Cost | None:
        return self.estimate.cost if self.estimate else None


def list_candidates(
    inputs: MethodInputs, prices: Prices, methods: Mapping[MethodName, RestoreMethod]
) -> tuple[Candidate, ...]:
    """All methods; the one that the restore specifies, or that the rules of ``auto`` select, is marked."""
    candidates = tuple(
        Candidate(
            name,
            tuple(method.blockers(inputs)),
            method.estimate(inputs, prices),
            experimental=bool(method.experimental),
        )
        for name, method in methods.items()
    )
    requested = inputs.restore.method
    if requested == "auto":
        return _select_by_rules(inputs, candidates)
    return tuple(
        replace(each, selected=True, reason="the restore specifies it") if each.method == requested else each
        for each in candidates
    )


def _select_by_rules(inputs: MethodInputs, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Selects ``import`` if it is possible, the target must be created, and writing would take long."""
    write, imported, bulk_put, point_in_time, snapshot = (
        next(each for each in candidates if each.method == name) for name in get_args(MethodName)
    )
    seconds = write.seconds
    if inputs.exists:
        selected, reason = write, "the target exists, and an import creates its table"
    elif inputs.restore.existing == "mirror":
        selected, reason = write, "the restore has `existing: mirror`, which writes only what differs"
    elif inputs.restore.bounded:
        selected, reason = write, "the restore has `limits`, and an import cannot be limited"
    elif inputs.restore.change is not None:
        selected, reason = write, "the restore has `change`, and an import cannot change items"
    elif imported.blockers:
        selected, reason = write, f"an import is not possible: {imported.blockers[0].message}"
    elif seconds is None:
        selected, reason = (
            write,
            "the duration of writing cannot be estimated, because the item size is unknown",
        )
    elif seconds <= IMPORT_FROM_SECONDS:
        selected, reason = write, f"writing takes {_format(seconds)}, and an import may not be faster"
    else:
        selected, reason = (
            imported,
            f"writing would take {_format(seconds)}, and an import uses no write capacity",
        )
    reasons = {
        bulk_put.method: "`auto` does not choose experimental methods",
        point_in_time.method: "`auto` restores backups, not the live table",
        snapshot.method: "`auto` restores exports, not on-demand backups",
        selected.method: reason,
    }
    return tuple(
        replace(each, selected=each is selected, reason=reasons.get(each.method, "")) for each in candidates
    )


def _format(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute"
    return f"about {seconds / 60:.0f} minutes" if seconds < 7200 else f"about {seconds / 3600:.0f} hours"
