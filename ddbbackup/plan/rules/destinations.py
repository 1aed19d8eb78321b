"""Every destination that is named exists, and an entry that names none can only mean one."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.plan.document import Document, Path
from ddbbackup.plan.rules.access import destinations, entries, get
from ddbbackup.plan.schema_problems import near
from ddbbackup.problems import Problem


def check(document: Document) -> Iterator[Problem]:
    known = [name for _, name, _ in destinations(document)]
    default = get(document.data, "defaults", "destination")
    named: list[tuple[Path, object]] = [(("defaults", "destination"), default)]
    named += [((*path, "destination"), entry.get("destination")) for path, entry in entries(document)]
    for path, name in named:
        if isinstance(name, str) and name not in known and known:
            hint = near(name, known, f"choose one of: {', '.join(known)}")
            message = f"there is no destination {document.show(path, name)}"
            yield document.problem(path, "unknown-destination", message, hint=hint)
    if len(known) > 1 and default is None:
        for path, entry in entries(document):
            if "destination" not in entry:
                yield document.problem(
                    path,
                    "no-destination",
                    "the entry names no destination, and there are several",
                    hint=f"add `destination` here or under `defaults`: {', '.join(known)}",
                )
