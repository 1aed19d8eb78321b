"""Which method a restore takes: what each could do, how long, for how much, and what ``auto`` makes of it. Pure.

The rules of ``auto`` and their reasons stand in docs/decisions/0004-how-auto-chooses.md.
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

MethodName = Literal["write", "import", "bulk-put", "point-in-time"]

BY_AUTO: Final[tuple[MethodName, ...]] = ("write", "import")  # what `auto` may choose, and go on with
IMPORT_BEATS_WRITE_SECONDS: Final = 1800.0  # an import needs minutes whatever its size (observed on AWS)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One method: possible if nothing is in its way. ``estimate`` is None where its data is not known.

    ``because`` says in a sentence why it is, or is not, taken.
    """

    method: MethodName
    blockers: tuple[Blocker, ...]
    estimate: Estimate | None
    experimental: bool = False
    chosen: bool = False
    because: str = ""

    @property
    def possible(self) -> bool:
        return not self.blockers

    @property
    def seconds(self) -> float | None:
        return self.estimate.seconds if self.estimate else None

    @property
    def cost(self) -> Cost | None:
        return self.estimate.cost if self.estimate else None


def candidates(
    inputs: MethodInputs, prices: Prices, methods: Mapping[MethodName, RestoreMethod]
) -> tuple[Candidate, ...]:
    """Every method, the chosen one marked. With ``method: auto`` the rules choose, else the plan has chosen."""
    every = tuple(
        Candidate(
            name,
            tuple(method.blockers(inputs)),
            method.estimate(inputs, prices),
            experimental=bool(method.experimental),
        )
        for name, method in methods.items()
    )
    wanted = inputs.restore.method
    if wanted == "auto":
        return _by_rules(inputs, every)
    return tuple(
        replace(each, chosen=True, because="the plan says so") if each.method == wanted else each
        for each in every
    )


def _by_rules(inputs: MethodInputs, every: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Write, unless the table is to be made and writing would take long and an import is possible."""
    write, imported, bulk_put, by_time = (
        next(c for c in every if c.method == name) for name in get_args(MethodName)
    )
    writing = write.seconds
    if inputs.exists:
        method, why = write, "the target exists, and an import makes its own table"
    elif inputs.restore.bounded:
        method, why = write, "`limits` bound writes, and an import cannot be bounded"
    elif imported.blockers:
        method, why = write, f"an import is not possible: {imported.blockers[0].message}"
    elif writing is None:
        method, why = write, "nothing is known of the size of the items, so no estimate favours an import"
    elif writing <= IMPORT_BEATS_WRITE_SECONDS:
        method, why = write, f"writing takes {_spell(writing)}, and an import is not sure to be faster"
    else:
        method, why = imported, f"writing would take {_spell(writing)}, and an import uses no capacity"
    never = {
        bulk_put.method: "`auto` does not choose experimental methods",
        by_time.method: "`auto` restores backups; the live table's past is another source",
    }
    return tuple(
        replace(each, chosen=each is method, because=why if each is method else never.get(each.method, ""))
        for each in every
    )


def _spell(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute"
    return f"some {seconds / 60:.0f} minutes" if seconds < 7200 else f"some {seconds / 3600:.0f} hours"
