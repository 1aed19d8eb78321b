"""``find TABLE``: prints the items of a restore point that match. Only data goes to stdout."""

from __future__ import annotations

from argparse import Namespace

from ddbbackup.cli.item_selection import selected_items
from ddbbackup.cli.read_items import read_into
from ddbbackup.cli.session import run_session
from ddbbackup.cli.streams import StdoutLines
from ddbbackup.errors import UsageError


def run(options: Namespace) -> int:
    only = selected_items(options)
    if only is None:
        raise UsageError(
            "find needs to know which items", hint="pass --key, --partition or --where; `dump` prints all"
        )
    lines = StdoutLines()
    run_session(options, lambda session: read_into(session, options, only, lines.write))
    return 0
