"""Restore one table: find the backup, make sure of the target, hand the data to a method, prove the result."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from ddbbackup import events
from ddbbackup.errors import Refused, TableMissing
from ddbbackup.plan.model import Restore
from ddbbackup.ports import Cloud, Place, TableFacts
from ddbbackup.steps.forecast import Forecast, guarded
from ddbbackup.steps.permission import MAY_CREATE, MUST_BE_EMPTY, Permission
from ddbbackup.steps.restore_forecast import foretell_restore
from ddbbackup.steps.restore_source import RestoreSource, resolve_source
from ddbbackup.steps.restore_state import RestoreState, mark, resumable
from ddbbackup.steps.restore_write import check_fits, restore_by_writing
from ddbbackup.steps.step import Outcome, Wait, Work
from ddbbackup.steps.table_definition import create_table_input, not_put_back
from ddbbackup.steps.world import World

log = structlog.get_logger()
Pending = Generator[Wait | Future[Any], Any, Any]

PERMISSIONS: Final = (
    Permission("dynamodb:DescribeTable", "target", ("restore", "read")),
    Permission("dynamodb:CreateTable", "target", ("restore",), MAY_CREATE),
    Permission(
        "dynamodb:Scan",
        "target",
        ("restore",),
        MUST_BE_EMPTY,
        note="reads one key to see whether it is empty",
    ),
)
_SETTLE_SECONDS = 60.0  # a table just created may be unknown to DescribeTable for a while


@dataclass(frozen=True, slots=True)
class RestoreTable:
    """``target`` is the table's rendered name; ``confirmed``: somebody agreed to overwrite the live source."""

    restore: Restore
    target: str
    confirmed: bool = False
    kind: str = "restore"
    needs: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.target

    @property
    def id(self) -> str:
        return f"restore {self.restore.name}"

    @property
    def does(self) -> str:
        """One line for people: what ``run`` will do."""
        verb = {
            "fail": "put every item into",
            "overwrite": "put every item over what is in",
            "keep": "put what is missing into",
        }[self.restore.existing]
        return f"{verb} {self.target} from the backup of {self.restore.table}"

    def forecast(self, world: World) -> Forecast:
        return guarded(self.id, self.kind, self.table, self.does, lambda: foretell_restore(self, world))

    def run(self, world: World) -> Work:
        source: RestoreSource = yield world.calls.call(lambda: resolve_source(world, self.restore))
        cloud = world.source.at(_place(self.restore))
        target_arn = yield world.calls.call(lambda: cloud.tables.arn(self.target))
        self._refuse_unconfirmed(source, target_arn)
        state = RestoreState(world.state_dir, target_arn=target_arn, backup_root=_root(source))
        facts = yield from self._target(world, cloud, source, state, target_arn)
        left = state.read()
        if left and left.stage == "done" and (left.run, left.table_id) == (world.run, facts.table_id):
            return Outcome(self.id, self.kind, self.table, "unchanged", {"backup": source.label})
        files = yield world.calls.heavy(lambda: check_fits(world, source, facts))
        resumed = yield from self._may_write(world, cloud, state, facts, source.label)
        log.info(
            events.RESTORE_RESUMED if resumed else events.RESTORE_STARTED,
            backup=source.label,
            items=source.opened.item_count,
            files=len(source.opened.files),
            target=self.target,
            notes=list(source.opened.notes),
        )
        now = world.clock.now()
        mark(state, state.read(), stage="writing", now=now, table_id=facts.table_id, run=world.run)
        outcome: Outcome = yield from restore_by_writing(
            world, self, source, files, facts, cloud, state.directory
        )
        mark(state, state.read(), stage="done", now=world.clock.now())
        missing = not_put_back(source.description)
        return replace(
            outcome, facts={**outcome.facts, **({"not_put_back": list(missing)} if missing else {})}
        )

    def _refuse_unconfirmed(self, source: RestoreSource, target_arn: str) -> None:
        if self.restore.existing == "overwrite" and target_arn == source.table_arn and not self.confirmed:
            raise Refused(
                f"{self.target} is the live table that the backup was made of, and `existing: overwrite` "
                "would put every backed-up item over what is there now",
                hint="say --yes if that is what you want, or restore to another table name",
            )

    def _target(
        self, world: World, cloud: Cloud, source: RestoreSource, state: RestoreState, target_arn: str
    ) -> Pending:
        """The target, ACTIVE with all its indexes; created from the record if the plan says so."""
        left = state.read()
        wanted = self.restore.target
        try:
            facts: TableFacts = yield world.calls.call(lambda: cloud.tables.describe(self.target))
        except TableMissing:
            facts = yield from self._create(world, cloud, source, state, target_arn)
            return facts
        ours = left is not None and left.stage in ("creating", "writing")
        if wanted.create == "new" and not (ours and left and left.table_id in (None, facts.table_id)):
            raise Refused(
                f"the target {self.target} exists, and the plan says `create: new`",
                hint="choose another `to.table` ({date} and {run} make fresh names), or delete the table",
            )
        return (yield from _until_active(world, cloud, self.target))

    def _create(
        self, world: World, cloud: Cloud, source: RestoreSource, state: RestoreState, target_arn: str
    ) -> Pending:
        if self.restore.target.create == "never":
            raise TableMissing(
                f"the target {self.target} does not exist, and the plan says `create: never`",
                hint="create the table, or set `create: if-missing`",
            )
        if not source.description:
            raise Refused(
                f"the target {self.target} does not exist, and {source.label} has no record that says how to "
                "create it",
                hint="create the table with the key that the items have, then run the restore again",
            )
        definition = create_table_input(
            source.description, name=self.target, billing_mode=self.restore.target.billing_mode
        )
        state.forget()
        mark(
            state,
            None,
            stage="creating",
            now=world.clock.now(),
            run=world.run,
            existing=self.restore.existing,
            target_arn=target_arn,
            backup=source.label,
        )
        yield world.calls.call(lambda: cloud.tables.create(definition))
        facts = yield from _until_active(world, cloud, self.target, created=True)
        log.info(events.TABLE_CREATED, target=self.target, table_id=facts.table_id)
        return facts

    def _may_write(
        self, world: World, cloud: Cloud, state: RestoreState, facts: TableFacts, label: str
    ) -> Pending:
        """True if an earlier run's work is continued. Raises ``Refused`` for a target that is not empty."""
        existing, now = self.restore.existing, world.clock.now()
        left = state.read()
        if resumable(left, run=world.run, existing=existing, table_id=facts.table_id, now=now):
            return True
        must_be_empty = existing == "fail" or self.restore.target.create == "new"
        if must_be_empty and (yield world.calls.call(lambda: cloud.tables.holds_items(self.target))):
            raise Refused(
                f"the target {self.target} already holds items, and the plan says `existing: fail`",
                hint="restore to another table name, or choose `existing: keep` or `existing: overwrite`",
            )
        state.forget()
        mark(
            state,
            None,
            stage="creating",
            now=now,
            run=world.run,
            existing=existing,
            target_arn=facts.arn,
            backup=label,
        )
        return False


def _until_active(world: World, cloud: Cloud, name: str, *, created: bool = False) -> Pending:
    """Waits until the table and every index are ACTIVE: TableStatus alone does not say so (observed on AWS)."""
    settled = world.clock.monotonic() + _SETTLE_SECONDS
    pause = 0.5
    while True:
        try:
            facts: TableFacts = yield world.calls.call(lambda: cloud.tables.describe(name))
            if facts.status in ("DELETING", "ARCHIVING", "ARCHIVED"):
                raise Refused(f"the target {name} is {facts.status}", hint="wait until it is gone, run again")
            indexes = facts.description.get("GlobalSecondaryIndexes") or ()
            busy = [i for i in indexes if i.get("IndexStatus", "ACTIVE") != "ACTIVE"]
            if facts.status in ("ACTIVE", "UPDATING") and not busy:
                return facts
        except TableMissing:
            if not created or world.clock.monotonic() > settled:
                raise
        yield Wait(pause)
        pause = min(10.0, pause * 1.5)


def _place(restore: Restore) -> Place:
    to = restore.target
    role = to.assume_role
    return Place(
        region=to.region,
        account=to.account,
        role_arn=role.role_arn if role else None,
        external_id=role.external_id if role else None,
    )


def _root(source: RestoreSource) -> str:
    return f"{source.opened.folder.bucket}/{source.opened.folder.root}"
