"""Make sure of what the plan requires of a destination before anything is written to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ddbbackup.checks import check_destination, requirements
from ddbbackup.errors import Refused
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.check import Check
from ddbbackup.model.outcome import Outcome
from ddbbackup.plan.model import Destination
from ddbbackup.steps.context import RunContext
from ddbbackup.steps.permissions import KMS_KEY, Permission, When
from ddbbackup.steps.step import Work


def _requires(what: str) -> When:
    return When(
        f"a destination says `require: [{what}]`",
        lambda plan: any(what in destination.require for destination in plan.destinations.values()),
    )


_LOOKED_AT: Final = When("a destination of the plan is used", lambda plan: bool(plan.destinations))

PERMISSIONS: Final = (
    Permission("s3:ListBucket", "bucket", ("read",)),
    Permission("s3:GetBucketVersioning", "bucket", ("read",), _LOOKED_AT),
    Permission("s3:GetBucketObjectLockConfiguration", "bucket", ("read",), _LOOKED_AT),
    Permission("s3:GetBucketPublicAccessBlock", "bucket", ("read",), _LOOKED_AT),
    Permission("s3:GetEncryptionConfiguration", "bucket", ("read",), _LOOKED_AT),
    Permission("s3:GetLifecycleConfiguration", "bucket", ("read",), _LOOKED_AT),
    Permission("kms:DescribeKey", "key", ("read",), KMS_KEY),
    Permission("s3:GetBucketVersioning", "bucket", ("backup",), _requires("versioning")),
    Permission("s3:GetBucketObjectLockConfiguration", "bucket", ("backup",), _requires("object_lock")),
    Permission("s3:GetBucketPublicAccessBlock", "bucket", ("backup",), _requires("public_access_block")),
)


@dataclass(frozen=True, slots=True)
class CheckDestination:
    """Fails unless everything in the destination's ``require`` is found to be so."""

    destination: Destination
    kind: str = "check"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return f"destination {self.destination.name}"

    @property
    def id(self) -> str:
        return f"check {self.table}"

    def assess(self, context: RunContext) -> Assessment:
        wanted = self.destination.require
        blockers = [
            Blocker(check.error)
            for check in look_at(context, self.destination)
            if check.error is not None and check.name in wanted
        ]
        does = f"make sure of {', '.join(wanted)} of s3://{self.destination.bucket}"
        return Assessment(self.id, self.kind, self.table, does, changes=False, blockers=tuple(blockers))

    def run(self, context: RunContext) -> Work:
        found: tuple[Check, ...] = yield context.calls.call(
            lambda: requirements(context.source, self.destination)
        )
        errors = [check.error for check in found if check.error is not None]
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise Refused("; ".join(error.message for error in errors), hint=errors[0].hint)
        facts = {"bucket": self.destination.bucket, "required": list(self.destination.require)}
        return Outcome(self.id, self.kind, self.table, "done", facts)


def look_at(context: RunContext, destination: Destination) -> tuple[Check, ...]:
    """All that can be told of a destination, found out once a run."""
    return context.once(
        ("destination", destination.name), lambda: check_destination(context.source, destination)
    )
