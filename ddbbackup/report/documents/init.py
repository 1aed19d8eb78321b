"""The result of ``init``: the file that was written, and what its tables are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from ddbbackup.plan.account_plan import FoundTables


@dataclass(frozen=True, slots=True)
class NewPlan:
    """``schemas/init.schema.json``. Without --from-account, ``account``, ``region`` and ``tables`` are None.

    ``without_recovery`` are tables that cannot be exported before somebody decides how they are backed up.
    ``bucket`` is None if it must be set.
    """

    schema: ClassVar[Literal["init"]] = "init"

    file: str
    account: str | None = None
    region: str | None = None
    tables: int | None = None
    without_recovery: tuple[str, ...] = ()
    bucket: str | None = None


def new_plan(file: str, found: FoundTables, *, bucket: str | None) -> NewPlan:
    return NewPlan(
        file,
        account=found.account,
        region=found.region,
        tables=len(found.tables),
        without_recovery=found.without_recovery,
        bucket=bucket,
    )
