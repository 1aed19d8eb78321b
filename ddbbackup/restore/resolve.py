"""What there is before a restore begins: its source, its target, and the facts that the methods are judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ddbbackup.errors import Bug, DdbBackupError, TableMissing
from ddbbackup.plan.model import Restore
from ddbbackup.ports import Cloud, TableFacts
from ddbbackup.restore.live_source import LiveSource, resolve_live
from ddbbackup.restore.method_inputs import MethodInputs
from ddbbackup.restore.source import RestoreSource, resolve_source
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.target_place import target_place

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ResolvedRestore:
    """``backup`` is None for a point-in-time restore, ``live`` for all others (``preview`` looks at both).

    ``target`` is None where the table does not exist.
    """

    backup: RestoreSource | None
    live: LiveSource | None
    cloud: Cloud
    target_arn: str
    target: TableFacts | None
    inputs: MethodInputs

    @property
    def source(self) -> RestoreSource | LiveSource:
        """Where this restore's data comes from."""
        found = self.backup or self.live
        if found is None:
            raise Bug("a restore was resolved without a source", hint="report it with the plan")
        return found

    @property
    def label(self) -> str:
        return self.source.label

    @property
    def table_arn(self) -> str:
        """Of the table whose data it is."""
        return self.source.table_arn

    @property
    def description(self) -> Mapping[str, Any]:
        """DescribeTable of the source: recorded, or live for a point-in-time restore; empty if not known."""
        return self.source.description


def resolve_restore(
    context: RunContext, restore: Restore, target: str, *, thorough: bool = False
) -> ResolvedRestore:
    """Reads; changes nothing. Blocks.

    ``thorough`` also looks at the source that this restore will not use, so that ``preview`` can judge every
    method. Raises what finding the source of this restore raises, and ``AccessDenied`` for a wrong account.
    """
    by_time = restore.method == "point-in-time"
    backup = live = backup_error = live_error = None
    if thorough or not by_time:
        backup, backup_error = _tried(lambda: resolve_source(context, restore), needed=not by_time)
    if thorough or by_time:
        live, live_error = _tried(lambda: resolve_live(context, restore), needed=by_time)
    cloud = context.source.at(target_place(restore))
    target_arn = cloud.tables.arn(target)
    try:
        facts: TableFacts | None = cloud.tables.describe(target)
    except TableMissing:
        facts = None
    here, there = context.source.identity, cloud.identity
    inputs = MethodInputs(
        restore=restore,
        target=target,
        target_description=facts.description if facts else None,
        description=backup.description if backup else {},
        items=backup.opened.item_count if backup else None,
        files=len(backup.opened.files) if backup else None,
        backup_error=backup_error,
        live=live is not None,
        live_description=live.description if live else {},
        live_error=live_error,
        same_account=here.account == there.account,
        bulk_put_available=cloud.bulk_puts.available,
    )
    mine = (None, live) if by_time else (backup, live)
    return ResolvedRestore(*mine, cloud, target_arn, facts, inputs)


def _tried(look: Callable[[], T], *, needed: bool) -> tuple[T | None, DdbBackupError | None]:
    try:
        return look(), None
    except DdbBackupError as error:
        if needed:
            raise
        return None, error
