"""``dump TABLE``: writes all items of a restore point as lines, to stdout or to a private file."""

from __future__ import annotations

from argparse import Namespace
from contextlib import nullcontext

from ddbbackup.cli.private_file import written_whole
from ddbbackup.cli.read_items import read_into
from ddbbackup.cli.session import run_session
from ddbbackup.cli.streams import StdoutLines


def run(options: Namespace) -> int:
    with nullcontext(StdoutLines().write) if options.out is None else written_whole(options.out) as write:
        run_session(options, lambda session: read_into(session, options, None, write))
    return 0
