"""The step that removes the backups of one table that its retention policy does not keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ddbbackup.catalog import Location
from ddbbackup.errors import AccessDenied, DataIncomplete, DdbBackupError, StepFailed, Unreachable
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.numbers import counted, grouped
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import Retention
from ddbbackup.retention.decision import Decision
from ddbbackup.retention.removal import Removal, Remover, bad_records
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import (
    RETENTION,
    RETENTION_BY_TAGS,
    RETENTION_WITH_KEY,
    Permission,
)

PERMISSIONS: Final = (
    Permission("s3:ListBucket", "bucket", ("prune",), RETENTION),
    Permission("s3:GetObject", "any-record", ("prune",), RETENTION),
    Permission("s3:GetObject", "manifest", ("prune",), RETENTION),
    Permission(
        "s3:PutObject", "record", ("prune",), RETENTION, note="marks a record before its data is deleted"
    ),
    Permission("s3:DeleteObject", "object", ("prune",), RETENTION),
    Permission("s3:DeleteObject", "record", ("prune",), RETENTION),
    Permission(
        "s3:GetBucketVersioning",
        "bucket",
        ("prune", "read"),
        RETENTION,
        note="without it, there is no note about versions that the bucket keeps",
    ),
    *(
        Permission(
            f"dynamodb:{action}", "snapshot", ("prune",), RETENTION, note="only on-demand backups need it"
        )
        for action in ("DescribeBackup", "DeleteBackup")
    ),
    Permission("kms:Decrypt", "key", ("prune",), RETENTION_WITH_KEY, for_aws=True),
    Permission("kms:GenerateDataKey*", "key", ("prune",), RETENTION_WITH_KEY, for_aws=True),
    Permission("dynamodb:ListTables", "everything", ("prune",), RETENTION_BY_TAGS),
    Permission("tag:GetResources", "everything", ("prune",), RETENTION_BY_TAGS),
    Permission("dynamodb:ListTagsOfResource", "table", ("prune",), RETENTION_BY_TAGS),
)


@dataclass(frozen=True, slots=True)
class PruneTable:
    """Removes nothing but what its decision names. ``decision`` is an error if the catalog could not be read.

    ``unconfirmed``: why the run must not remove anything. ``place`` tells steps of one table apart.
    """

    location: Location
    policy: Retention
    decision: Decision | DdbBackupError
    unconfirmed: DdbBackupError | None = None
    place: str = ""
    kind: str = "prune"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.location.table

    @property
    def id(self) -> str:
        return f"prune {self.table}" + (f" in {self.place}" if self.place else "")

    async def assess(self, context: RunContext) -> Assessment[Decision]:
        if isinstance(self.decision, DdbBackupError):
            raise self.decision
        decision = self.decision
        actions = tuple(_actions(decision))
        notes = list(decision.notes)
        if actions and await _is_versioned(context, self.location):
            notes.append(
                f"{self.location.bucket} is versioned: S3 keeps what is removed as noncurrent versions, until a "
                "lifecycle rule with NoncurrentVersionExpiration deletes them"
            )
        return Assessment(
            self.id,
            self.kind,
            self.table,
            _summary(decision),
            decision,
            actions=actions,
            size_bytes=decision.size_bytes if actions else None,
            blockers=tuple(self._blockers(decision)),
            notes=tuple(notes),
            facts=_facts(decision),
        )

    def _blockers(self, decision: Decision) -> Iterator[Blocker]:
        if decision.bad:
            yield Blocker(bad_records(self.table, decision.bad))
        if self.unconfirmed is not None and decision.removed:
            yield Blocker(self.unconfirmed)

    async def run(self, context: RunContext, assessment: Assessment[Decision]) -> Outcome:
        decision = assessment.findings
        kept = len(decision.kept) + decision.needed
        if not decision.reasons:
            return Outcome(self.id, self.kind, self.table, "unchanged", {"kept": kept})
        cloud = context.source
        remover = Remover(context.catalog, cloud.objects, cloud.snapshots, context.stop)
        removal = await context.heavy(remover.remove, decision, self.policy, now=context.clock.now())
        facts: dict[str, Any] = {
            "removed": len(removal.backups),
            "objects": removal.objects,
            "size_bytes": removal.size_bytes,
            "kept": kept,
            "notes": [*removal.notes, *_left_alone(removal)],
        }
        error = _failure(self.table, removal.failures)
        return Outcome(self.id, self.kind, self.table, "failed" if error else "done", facts, error=error)


async def _is_versioned(context: RunContext, location: Location) -> bool:
    async def ask() -> bool:
        try:
            return await context.call(
                context.source.buckets.versioned, location.bucket, owner=location.bucket_owner
            )
        except DdbBackupError:
            return False  # only a note depends on it

    return await context.once(("versioned", location.bucket), ask)


def _summary(decision: Decision) -> str:
    kept = len(decision.kept) + decision.needed
    if not decision.restore_points:
        return "there is no restore point"
    points = counted(decision.restore_points, "restore point")
    return f"keep {kept} and remove {grouped(len(decision.removed))} of {points}"


def _actions(decision: Decision) -> Iterator[str]:
    if decision.removed:
        yield f"remove {counted(len(decision.removed), 'restore point')}"
    if decision.failed:
        yield f"remove {counted(len(decision.failed), 'failed backup')}"
    if decision.expiring:
        yield f"remove what is left of {counted(len(decision.expiring), 'backup')}"


def _facts(decision: Decision) -> dict[str, Any]:
    return {
        "restore_points": decision.restore_points,
        "keep": [{"backup": each, "reasons": list(reasons)} for each, reasons in decision.kept.items()],
        "needed": decision.needed,
        "remove": [{"backup": each, "reason": reason} for each, reason in decision.reasons.items()],
        "in_progress": list(decision.in_progress),
        "failed": list(decision.recently_failed),
    }


def _left_alone(removal: Removal) -> Iterator[str]:
    if removal.others:
        yield f"left {counted(removal.others, 'object')} that belong to no backup"


def _failure(table: str, failures: Mapping[str, DdbBackupError]) -> DdbBackupError | None:
    """What stays is no restore point any more; the next run tries again."""
    if not failures:
        return None
    backup_id, first = next(iter(failures.items()))
    kinds = (AccessDenied, DataIncomplete, Unreachable)
    kind = next((each for each in kinds if isinstance(first, each)), StepFailed)
    return kind(
        f"{len(failures)} backups of {table} were not removed completely; the first, {backup_id}: {first.message}"
        if len(failures) > 1
        else f"the backup {backup_id} of {table} was not removed completely: {first.message}",
        hint=first.hint,
    )
