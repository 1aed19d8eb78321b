"""The counts of a write: whether every item of the backup is in the table."""

from __future__ import annotations

import structlog

from ddbbackup import events
from ddbbackup.bulk.model import WriteResult
from ddbbackup.errors import DataIncomplete
from ddbbackup.ports import TableFacts
from ddbbackup.restore.index_keys import AFTER_LOAD_HINT, index_keys, join_keys, refused_keys

log = structlog.get_logger()


def check_counts(
    result: WriteResult, table: TableFacts, *, expected: int, accepts_rejects: bool = False
) -> None:
    """Every item must be in the table. With a rejected or a different item, the table is not restored. Blocking.

    ``expected`` is the number of lines in the manifests: of items, and of changes in windows. ``accepts_rejects``:
    rejected items are only logged. Raises ``DataIncomplete``.
    """
    refused = result.rejected + result.different
    in_table = f"{result.written} were written and {result.kept + result.equal} kept"
    if refused:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in result.reasons)
        log.error(
            events.ITEMS_REJECTED, rejected=refused, rejects_file=str(result.rejects_file), reasons=reasons
        )
    if refused and not accepts_rejects:
        if keys := refused_keys(result.rejects_file, index_keys(table.description)):
            raise DataIncomplete(
                f"{refused} of {result.item_count} items were rejected ({reasons}) because of an index of "
                f"{table.name}: {join_keys(keys)}; {in_table}",
                hint=AFTER_LOAD_HINT,
            )
        raise DataIncomplete(
            f"{refused} of {result.item_count} items were rejected ({reasons}); {in_table}",
            hint=f"correct the rejected items in {result.rejects_file}, then put them into the table",
        )
    if result.line_count != expected:
        left_out = (
            f", {result.superseded} changed later, {result.deleted} were deleted" if result.superseded else ""
        )
        raise DataIncomplete(
            f"{in_table}{left_out}, but the backup holds {expected} items and changes",
            hint="verify the backup, then run the restore again with `existing: overwrite`",
        )
    if result.suspect_files:
        raise DataIncomplete(
            f"{len(result.suspect_files)} data files arrived damaged after some of their items had been put, first "
            f"{result.suspect_files[0]}; they were read again and put, but the table may hold damaged items too",
            hint="restore into a new table",
        )
