"""``dump TABLE``: writes all items of a restore point as lines: to stdout, a private file, or an object in S3."""

from __future__ import annotations

from argparse import Namespace
from contextlib import nullcontext

from ddbbackup.cli.private_file import written_whole
from ddbbackup.cli.read_items import ItemsRead, read_into
from ddbbackup.cli.session import Session, run_session
from ddbbackup.cli.streams import StdoutLines, say
from ddbbackup.errors import Refused, UsageError
from ddbbackup.find.object_lines import uploaded_whole
from ddbbackup.model.s3_location import S3Location
from ddbbackup.report.formatting import counted


def run(options: Namespace) -> int:
    if options.out is not None and options.out.startswith("s3://"):
        location = _location(options.out)

        async def upload(session: Session) -> ItemsRead:
            context = session.context
            with uploaded_whole(context.source.objects, session.plan, location) as write:
                return await read_into(session, options, None, write)

        _say_written(options, run_session(options, upload))
        return 0
    with nullcontext(StdoutLines().write) if options.out is None else written_whole(options.out) as write:
        read = run_session(options, lambda session: read_into(session, options, None, write))
    if options.out is not None:
        _say_written(options, read)
    return 0


def _say_written(options: Namespace, read: ItemsRead) -> None:
    """The file does not say which restore point it is of."""
    if options.detail != "quiet":
        say(f"wrote {options.out}: {counted(read.count, 'item')} of {options.table} from {read.label}")


def _location(uri: str) -> S3Location:
    """Raises ``UsageError``."""
    try:
        location = S3Location.parse(uri)
    except Refused as error:
        raise UsageError(f"--out: {error.message}", hint=error.hint) from None
    if not location.key or location.key.endswith("/"):
        raise UsageError(
            f"--out: {uri} names no object", hint=f"add a name, such as {uri.rstrip('/')}/items.json"
        )
    return location
