"""Every destination that the plan names is defined, and an entry without one is not ambiguous."""

from __future__ import annotations

from collections.abc import Iterator

from ddbbackup.plan.document import Document
from ddbbackup.plan.rules.access import defaults_and_entries, destinations, entries, get
from ddbbackup.problems import Problem
from ddbbackup.suggestions import suggest


def check(document: Document) -> Iterator[Problem]:
    defined = [name for _, name, _ in destinations(document)]
    if not defined:
        return  # the schema reports this
    for path, holder in defaults_and_entries(document):
        name = holder.get("destination")
        if isinstance(name, str) and name not in defined:
            place = (*path, "destination")
            yield document.problem(
                place,
                "unknown-destination",
                f"destination {document.show(place, name)} is not defined",
                hint=suggest(name, defined, otherwise=f"choose one of: {', '.join(defined)}"),
            )
    if len(defined) > 1 and get(document.data, "defaults", "destination") is None:
        for path, entry in entries(document):
            if "destination" not in entry:
                yield document.problem(
                    path,
                    "no-destination",
                    "the entry has no `destination`, and the plan defines several",
                    hint=f"set `destination` here or under `defaults` to one of: {', '.join(defined)}",
                )
