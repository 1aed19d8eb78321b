"""Check that a destination meets the requirements of the plan before anything is written to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ddbbackup.checks import check_destination
from ddbbackup.errors import DdbBackupError, Refused
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.check import Check
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.s3_location import S3Location
from ddbbackup.plan.model import Destination
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import KMS_KEY, Permission, When

_HAS_DESTINATIONS: Final = When("the plan has `destinations`", lambda plan: bool(plan.destinations))

_WITHOUT: Final = "without it the check reports unknown, and fails only if `require` names it"
PERMISSIONS: Final = (
    Permission("s3:ListBucket", "bucket", ("backup", "read")),
    *(
        Permission(f"s3:{action}", "bucket", ("backup", "read"), _HAS_DESTINATIONS, note=_WITHOUT)
        for action in (
            "GetBucketVersioning",
            "GetBucketObjectLockConfiguration",
            "GetBucketPublicAccessBlock",
            "GetEncryptionConfiguration",
            "GetLifecycleConfiguration",
        )
    ),
    Permission("kms:DescribeKey", "key", ("backup", "read"), KMS_KEY, note=_WITHOUT),
)


@dataclass(frozen=True, slots=True)
class CheckDestination:
    """Fails unless the bucket exists and has everything that ``require`` of the destination names."""

    destination: Destination
    kind: str = "check"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return f"destination {self.destination.name}"

    @property
    def id(self) -> str:
        return f"check {self.table}"

    async def assess(self, context: RunContext) -> Assessment[None]:
        required = self.destination.require
        checks = await checks_of(context, self.destination)
        errors = [
            check.error for check in checks if check.error is not None and check.name in ("bucket", *required)
        ]
        return Assessment(
            self.id,
            self.kind,
            self.table,
            f"check {', '.join(required)} of {S3Location(self.destination.bucket)}",
            None,
            blockers=tuple(map(Blocker, _join(errors))),
        )

    async def run(self, context: RunContext, assessment: Assessment[None]) -> Outcome:
        facts = {"bucket": self.destination.bucket, "required": list(self.destination.require)}
        return Outcome(self.id, self.kind, self.table, "done", facts)


async def checks_of(context: RunContext, destination: Destination) -> tuple[Check, ...]:
    """All checks of a destination, made once per run."""
    return await context.once(
        ("destination", destination.name),
        lambda: context.call(check_destination, context.source, destination),
    )


def _join(errors: Sequence[DdbBackupError]) -> Sequence[DdbBackupError]:
    """One error with the messages of all."""
    if len(errors) < 2:
        return errors
    return (Refused("; ".join(error.message for error in errors), hint=errors[0].hint),)
