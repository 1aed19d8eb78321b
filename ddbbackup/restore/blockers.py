"""What is in the way of each restore method: refused before anything is started, and shown by ``preview``. Pure."""

from __future__ import annotations

from typing import Final

from ddbbackup.errors import Refused, TableMissing
from ddbbackup.model.assessment import Blocker
from ddbbackup.ports import MIN_WRITE_UNITS
from ddbbackup.restore.method_inputs import MethodInputs

FILES_PER_JOB: Final = 50_000  # objects of one import or bulk put (DynamoDB guide: Quotas)


def against_write(inputs: MethodInputs) -> tuple[Blocker, ...]:
    return (*_no_backup(inputs), *_mirror(inputs), *_cannot_have_target(inputs))


def against_import(inputs: MethodInputs) -> tuple[Blocker, ...]:
    found = [*_no_backup(inputs), *_must_be_new(inputs, "an import"), *_too_many_files(inputs)]
    if not inputs.exists and inputs.backup_error is None:
        if not inputs.description:
            found.append(
                _refused(
                    "an import makes the table, and there is no record that says how the table was",
                    "create the table yourself and use `method: write`",
                )
            )
        if inputs.description.get("LocalSecondaryIndexes"):
            found.append(
                _refused(
                    f"{inputs.restore.table} has local secondary indexes, which ImportTable cannot make and which "
                    "cannot be added later",
                    "use `method: write`",
                )
            )
    return tuple(found)


def against_bulk_put(inputs: MethodInputs) -> tuple[Blocker, ...]:
    restore, target = inputs.restore, inputs.target_description or {}
    found = [*_no_backup(inputs), *_cannot_have_target(inputs), *_too_many_files(inputs)]
    if not inputs.bulk_put_available:
        found.append(
            _refused(
                "the installed SDK does not know StartBulkPutItems, which `method: bulk-put` needs",
                "run `pip install 'botocore>=1.43.124'`, or use `method: write`",
            )
        )
    found += _mirror(inputs)
    if restore.existing == "keep":
        found.append(
            _refused(
                "a bulk put writes over what is there: nobody has proved yet how its conditions are written",
                "use `method: write` with `existing: keep`",
            )
        )
    limit = restore.limits.write_units_per_second
    if limit is not None and limit < MIN_WRITE_UNITS:
        found.append(
            _refused(
                f"a bulk put cannot be limited to {limit} write units per second: the least is {MIN_WRITE_UNITS}",
                f"set `write_units_per_second` to at least {MIN_WRITE_UNITS}, or use `method: write`",
            )
        )
    replicas = [each.get("RegionName", "?") for each in target.get("Replicas") or ()]
    if replicas:
        found.append(
            _refused(
                f"{inputs.target} is a global table (replicas in {', '.join(replicas)}), which takes no bulk put",
                "use `method: write`",
            )
        )
    return tuple(found)


def against_point_in_time(inputs: MethodInputs) -> tuple[Blocker, ...]:
    found = [Blocker(inputs.live_error)] if inputs.live_error else []
    found += _must_be_new(inputs, "a point-in-time restore")
    if not inputs.same_account:
        found.append(
            _refused(
                "a point-in-time restore stays in the account of the live table",
                "restore a backup into the other account: `method: write` or `method: import`",
            )
        )
    mode = (inputs.live_description.get("BillingModeSummary") or {}).get("BillingMode")
    if inputs.restore.target.billing_mode == "PROVISIONED" and mode == "PAY_PER_REQUEST":
        found.append(
            _refused(
                f"{inputs.restore.table} is on demand and has no capacity that a PROVISIONED table could get",
                "leave `billing_mode` out",
            )
        )
    return tuple(found)


def unconfirmed_overwrite(target: str) -> Blocker:
    return _refused(
        f"{target} is the live table that the backup was made of, and `existing: overwrite` replaces items in it",
        "pass --yes to confirm, or restore to another table name",
    )


def makes_its_own_table(target: str, what: str) -> Blocker:
    return _refused(
        f"the target {target} exists, and {what} makes its own table",
        "restore to another table name ({date} and {run} make fresh ones), or use `method: write`",
    )


def must_not_exist(target: str) -> Blocker:
    """For ``create: new``, by a method that writes into a table of ours."""
    return _refused(
        f"the target {target} exists, and the plan says `create: new`",
        "choose another `to.table` ({date} and {run} make fresh names), or delete the table",
    )


def must_be_empty(target: str) -> Blocker:
    """Found out by a consistent read in a run, by DynamoDB's last count in a preview, which reads no item."""
    return _refused(
        f"the target {target} already holds items, and the plan says `existing: fail`",
        "restore to another table name, or choose `existing: keep` or `existing: overwrite`",
    )


def mirror_is_not_built() -> Refused:
    return Refused(
        "`existing: mirror` is not implemented yet",
        hint="use `existing: overwrite` or `existing: keep`, or restore to a new table",
    )


def _mirror(inputs: MethodInputs) -> list[Blocker]:
    return [Blocker(mirror_is_not_built())] if inputs.restore.existing == "mirror" else []


def _no_backup(inputs: MethodInputs) -> list[Blocker]:
    return [Blocker(inputs.backup_error)] if inputs.backup_error else []


def _cannot_have_target(inputs: MethodInputs) -> list[Blocker]:
    if inputs.exists or inputs.backup_error is not None:
        return []
    if inputs.restore.target.create == "never":
        return [
            Blocker(
                TableMissing(
                    f"the target {inputs.target} does not exist, and the plan says `create: never`",
                    hint="create the table, or set `create: if-missing`",
                )
            )
        ]
    if not inputs.description:
        return [
            _refused(
                f"the target {inputs.target} does not exist, and no record says how to create it",
                "create the table with the key that the items have, then run the restore again",
            )
        ]
    return []


def _must_be_new(inputs: MethodInputs, what: str) -> list[Blocker]:
    if inputs.exists:
        return [makes_its_own_table(inputs.target, what)]
    if inputs.restore.target.create == "never":
        return [
            _refused(f"{what} makes its own table, and the plan says `create: never`", "set `create: new`")
        ]
    return []


def _too_many_files(inputs: MethodInputs) -> list[Blocker]:
    if (inputs.files or 0) <= FILES_PER_JOB:
        return []
    return [
        _refused(
            f"the backup has {inputs.files} data files, and one job takes {FILES_PER_JOB}",
            "use `method: write`",
        )
    ]


def _refused(message: str, hint: str) -> Blocker:
    return Blocker(Refused(message, hint=hint))
