"""What is in the way of each restore method: refused before anything is started, and shown by ``preview``. Pure."""

from __future__ import annotations

from typing import Final

from ddbbackup.errors import Refused, TableMissing
from ddbbackup.ports import LEAST_WRITE_UNITS
from ddbbackup.steps.forecast import Obstacle
from ddbbackup.steps.restore.situation import Situation

FILES_PER_JOB: Final = 50_000  # objects of one import or bulk put (DynamoDB guide: Quotas)


def against_write(situation: Situation) -> tuple[Obstacle, ...]:
    return (*_no_backup(situation), *_cannot_have_target(situation))


def against_import(situation: Situation) -> tuple[Obstacle, ...]:
    found = [*_no_backup(situation), *_must_be_new(situation, "an import"), *_too_many_files(situation)]
    if not situation.exists and situation.backup_error is None:
        if not situation.description:
            found.append(
                _refused(
                    "an import makes the table, and there is no record that says how the table was",
                    "create the table yourself and use `method: write`",
                )
            )
        if situation.description.get("LocalSecondaryIndexes"):
            found.append(
                _refused(
                    f"{situation.restore.table} has local secondary indexes, which ImportTable cannot make and which "
                    "cannot be added later",
                    "use `method: write`",
                )
            )
    return tuple(found)


def against_bulk_put(situation: Situation) -> tuple[Obstacle, ...]:
    restore, target = situation.restore, situation.target_description or {}
    found = [*_no_backup(situation), *_cannot_have_target(situation), *_too_many_files(situation)]
    if not situation.bulk_put_available:
        found.append(
            _refused(
                "the installed SDK does not know StartBulkPutItems, which `method: bulk-put` needs",
                "run `pip install 'botocore>=1.43.124'`, or use `method: write`",
            )
        )
    if restore.existing == "keep":
        found.append(
            _refused(
                "a bulk put writes over what is there: nobody has proved yet how its conditions are written",
                "use `method: write` with `existing: keep`",
            )
        )
    limit = restore.limits.write_units_per_second
    if limit is not None and limit < LEAST_WRITE_UNITS:
        found.append(
            _refused(
                f"a bulk put cannot be limited to {limit} write units per second: the least is {LEAST_WRITE_UNITS}",
                f"set `write_units_per_second` to at least {LEAST_WRITE_UNITS}, or use `method: write`",
            )
        )
    replicas = [each.get("RegionName", "?") for each in target.get("Replicas") or ()]
    if replicas:
        found.append(
            _refused(
                f"{situation.target} is a global table (replicas in {', '.join(replicas)}), which takes no bulk put",
                "use `method: write`",
            )
        )
    return tuple(found)


def against_point_in_time(situation: Situation) -> tuple[Obstacle, ...]:
    found = [Obstacle(situation.live_error)] if situation.live_error else []
    found += _must_be_new(situation, "a point-in-time restore")
    if not situation.same_account:
        found.append(
            _refused(
                "a point-in-time restore stays in the account of the live table",
                "restore a backup into the other account: `method: write` or `method: import`",
            )
        )
    mode = (situation.live_description.get("BillingModeSummary") or {}).get("BillingMode")
    if situation.restore.target.billing_mode == "PROVISIONED" and mode == "PAY_PER_REQUEST":
        found.append(
            _refused(
                f"{situation.restore.table} is on demand and has no capacity that a PROVISIONED table could get",
                "leave `billing_mode` out",
            )
        )
    return tuple(found)


def _no_backup(situation: Situation) -> list[Obstacle]:
    return [Obstacle(situation.backup_error)] if situation.backup_error else []


def _cannot_have_target(situation: Situation) -> list[Obstacle]:
    if situation.exists or situation.backup_error is not None:
        return []
    if situation.restore.target.create == "never":
        return [
            Obstacle(
                TableMissing(
                    f"the target {situation.target} does not exist, and the plan says `create: never`",
                    hint="create the table, or set `create: if-missing`",
                )
            )
        ]
    if not situation.description:
        return [
            _refused(
                f"the target {situation.target} does not exist, and no record says how to create it",
                "create the table with the key that the items have, then run the restore again",
            )
        ]
    return []


def _must_be_new(situation: Situation, what: str) -> list[Obstacle]:
    if situation.exists:
        return [
            _refused(
                f"the target {situation.target} exists, and {what} makes its own table",
                "restore to another table name ({date} and {run} make fresh ones), or use `method: write`",
            )
        ]
    if situation.restore.target.create == "never":
        return [
            _refused(f"{what} makes its own table, and the plan says `create: never`", "set `create: new`")
        ]
    return []


def _too_many_files(situation: Situation) -> list[Obstacle]:
    if (situation.files or 0) <= FILES_PER_JOB:
        return []
    return [
        _refused(
            f"the backup has {situation.files} data files, and one job takes {FILES_PER_JOB}",
            "use `method: write`",
        )
    ]


def _refused(message: str, hint: str) -> Obstacle:
    return Obstacle(Refused(message, hint=hint))
