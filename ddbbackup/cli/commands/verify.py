"""``verify``: reads recorded backups whole and proves them again."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.catalog.queries import complete_backups, tables_with_records
from ddbbackup.cli.output import print_report
from ddbbackup.cli.session import running
from ddbbackup.errors import NothingSelected
from ddbbackup.verify.verify_backup import VerifyBackup


def run(options: Namespace) -> int:
    with running(options) as this:
        wanted = options.backup
        context = this.context
        tables = tables_with_records(
            context.catalog, context.plan, context.source.identity, only=options.only
        )
        found = complete_backups(tables, every=options.all or wanted is not None)
        chosen = [stored for stored in found if wanted in (None, stored.record.id)]
        if not chosen:
            raise NothingSelected(
                f"there is no complete backup{f' {wanted}' if wanted else ''} to verify",
                hint="see `ddbbackup list` for what the catalog holds",
            )
        report = this.carry_out([VerifyBackup(stored) for stored in chosen])
    return print_report(report, options)
