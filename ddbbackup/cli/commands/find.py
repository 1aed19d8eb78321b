"""``find TABLE``: prints the items of a restore point that match, or all their versions. Only data goes to stdout."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.bulk.item_filter import NoSuchKey
from ddbbackup.cli.item_selection import selected_items
from ddbbackup.cli.read_items import read_history_into, read_into
from ddbbackup.cli.session import run_session
from ddbbackup.cli.streams import StdoutLines
from ddbbackup.errors import UsageError


def run(options: Namespace) -> int:
    only = selected_items(options)
    if only is None:
        raise UsageError(
            "find needs to know which items", hint="pass --key, --partition or --where; `dump` prints all"
        )
    if options.history and options.point is not None:
        raise UsageError("--history is about all restore points", hint="remove --from, or pass --since TIME")
    if options.since is not None and not options.history:
        raise UsageError("--since applies to --history", hint="add --history, or pass --from TIME")
    lines = StdoutLines()
    read = read_history_into if options.history else read_into
    try:
        run_session(options, lambda session: read(session, options, only, lines.write))
    except NoSuchKey as error:  # only the record of the table says what its keys are
        raise UsageError(error.message, hint=error.hint) from None
    return 0
