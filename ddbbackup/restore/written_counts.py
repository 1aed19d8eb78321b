"""The counts of a write: whether every item of the backup is in the table."""

from __future__ import annotations

import structlog

from ddbbackup import events
from ddbbackup.bulk.model import WriteResult
from ddbbackup.errors import DataIncomplete
from ddbbackup.model.numbers import agreeing, counted, grouped
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
    in_table = f"{grouped(result.written)} written and {grouped(result.kept + result.equal)} kept"
    if refused:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in result.reasons)
        log.error(
            events.ITEMS_REJECTED, rejected=refused, rejects_file=str(result.rejects_file), reasons=reasons
        )
    if refused and not accepts_rejects:
        was = agreeing(refused, "was", "were")
        share = f"{grouped(refused)} of {counted(result.item_count, 'item')} {was}"
        if keys := refused_keys(result.rejects_file, index_keys(table.description)):
            raise DataIncomplete(
                f"{share} rejected ({reasons}) because of an index of "
                f"{table.name}: {join_keys(keys)}; {in_table}",
                hint=AFTER_LOAD_HINT,
            )
        raise DataIncomplete(
            f"{share} rejected ({reasons}); {in_table}",
            hint=f"correct the rejected items in {result.rejects_file}, then put them into the table",
        )
    if result.line_count != expected:
        left_out = f", {grouped(result.superseded)} changed later, {grouped(result.deleted)} deleted"
        raise DataIncomplete(
            f"{in_table}{left_out if result.superseded else ''}, but the backup holds "
            f"{counted(expected, 'item or change', 'items and changes')}",
            hint="verify the backup, then run the restore again with `existing: overwrite`",
        )
    if result.suspect_files:
        raise DataIncomplete(
            f"{counted(len(result.suspect_files), 'data file')} arrived damaged after some items had been put, the "
            f"first was {result.suspect_files[0]}; they were read again and put, but damaged items may be left",
            hint="restore into a new table",
        )
