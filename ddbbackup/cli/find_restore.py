"""The restore that the command line names."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from ddbbackup.errors import UsageError
from ddbbackup.plan.model import Plan, Restore
from ddbbackup.plan.restore_from import FromCatalog, RestoreFrom
from ddbbackup.suggestions import suggest


def find_restore(plan: Plan, options: Namespace) -> Restore:
    """``options.name``, with ``--from`` applied. Raises ``UsageError`` if the plan has no such restore."""
    name = options.name
    restore = plan.restores.get(name)
    if restore is not None:
        return _with_source(restore, options.source) if options.source is not None else restore
    names = ", ".join(plan.restores)
    otherwise = f"choose one of: {names}" if names else "add it to `restores` in the plan"
    raise UsageError(
        f"the plan {plan.name} has no restore {name!r}",
        hint=suggest(name, plan.restores, otherwise=otherwise),
    )


def _with_source(restore: Restore, source: RestoreFrom) -> Restore:
    """Another time or backup is one of the origin that the plan names, unless ``--from`` names another."""
    if isinstance(source, FromCatalog) and source.origin is None:
        source = replace(source, origin=restore.origin)
    return replace(restore, source=source)
