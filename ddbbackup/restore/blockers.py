"""What blocks a restore: every sentence that ``preview`` and the run report. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from ddbbackup.bulk.item_filter import item_filter
from ddbbackup.catalog.table_keys import recorded_keys
from ddbbackup.errors import DataIncomplete, Refused, TableMissing
from ddbbackup.model.assessment import Blocker
from ddbbackup.model.json_value import get_object, get_objects
from ddbbackup.model.numbers import agreeing, counted, grouped
from ddbbackup.model.s3_location import S3Location
from ddbbackup.model.table_description import key_types
from ddbbackup.plan.model import Existing
from ddbbackup.plan.restore_from import Origin
from ddbbackup.ports import MIN_WRITE_UNITS, KeyAttribute
from ddbbackup.restore.method_inputs import MethodInputs
from ddbbackup.sources.data_files import DataFiles

FILES_PER_JOB: Final = 50_000  # objects of one import or bulk put (DynamoDB guide: Quotas)

_OTHER_TARGET: Final = "use another table name in `to.table`, for example with {date} or {run}"


# ---- by method


def write_blockers(inputs: MethodInputs) -> tuple[Blocker, ...]:
    return (
        *_no_backup(inputs),
        *_no_target(inputs),
        *_unfit_part(inputs),
        *_impossible_change(inputs),
        *_mirror_of_a_part(inputs),
    )


def import_blockers(inputs: MethodInputs) -> tuple[Blocker, ...]:
    blockers = [
        *_no_backup(inputs),
        *_target_not_new(inputs, "an import"),
        *_partial(inputs, "an import"),
        *_too_many_files(inputs),
        *_other_format(inputs),
    ]
    if inputs.import_refusal is not None:
        blockers.append(inputs.import_refusal)
    if not inputs.exists and inputs.backup_error is None:
        if not inputs.description:
            blockers.append(
                _refused(
                    f"an import creates the table {inputs.target}, but the backup has no record that describes it",
                    "create the table, then restore with `method: write`",
                )
            )
        if inputs.description.get("LocalSecondaryIndexes"):
            blockers.append(
                _refused(
                    f"{inputs.restore.table} has local secondary indexes, which an import cannot create and which "
                    "cannot be added later",
                    "use `method: write`",
                )
            )
    return tuple(blockers)


def bulk_put_blockers(inputs: MethodInputs) -> tuple[Blocker, ...]:
    blockers = [
        *_no_backup(inputs),
        *_no_target(inputs),
        *_partial(inputs, "a bulk put"),
        *_too_many_files(inputs),
        *_other_format(inputs),
    ]
    if not inputs.bulk_put_available:
        blockers.append(
            _refused(
                "the installed botocore does not support StartBulkPutItems, which `method: bulk-put` requires",
                "run `pip install 'botocore>=1.43.124'`",
            )
        )
    if (existing := inputs.restore.existing) in ("keep", "mirror"):
        blockers.append(
            _refused(
                f"a bulk put overwrites items, so it cannot restore with `existing: {existing}`",
                "use `method: write`",
            )
        )
    if inputs.windows:
        blockers.append(
            _refused(
                "a bulk put writes the items of a full backup before those that changed later, so readers of "
                f"{inputs.target} would see an older state of the table",
                "use `method: write`, which writes each item once, in its last state",
            )
        )
    limit = inputs.restore.limits.write_units_per_second
    if limit is not None and limit < MIN_WRITE_UNITS:
        blockers.append(
            _refused(
                f"a bulk put cannot be limited to {limit} write units per second; the minimum is {MIN_WRITE_UNITS}",
                f"set `write_units_per_second` to {MIN_WRITE_UNITS} or more",
            )
        )
    replicas = get_objects(inputs.target_description or {}, "Replicas")
    if replicas:
        regions = ", ".join(str(replica.get("RegionName", "?")) for replica in replicas)
        blockers.append(
            _refused(
                f"{inputs.target} is a global table (replicas in {regions}), which bulk puts do not support",
                "use `method: write`",
            )
        )
    return tuple(blockers)


def point_in_time_blockers(inputs: MethodInputs) -> tuple[Blocker, ...]:
    blockers = [Blocker(inputs.live_error)] if inputs.live_error else []
    blockers += _target_not_new(inputs, "a point-in-time restore")
    blockers += _partial(inputs, "a point-in-time restore")
    if not inputs.same_account:
        blockers.append(
            _refused(
                "a point-in-time restore cannot create a table in another account",
                "restore a backup with `method: write`",
            )
        )
    if inputs.restore.target.indexes == "after-load":
        blockers.append(
            _refused(
                "a point-in-time restore creates the table with its indexes, but the restore has "
                "`indexes: after-load`",
                "remove `to.indexes`, or restore a backup with `method: write`",
            )
        )
    mode = get_object(inputs.live_description, "BillingModeSummary").get("BillingMode")
    if inputs.restore.target.billing_mode == "PROVISIONED" and mode == "PAY_PER_REQUEST":
        blockers.append(
            _refused(
                f"{inputs.restore.table} is an on-demand table, so the restored table has no provisioned capacity to "
                "copy",
                "remove `to.billing_mode`",
            )
        )
    return tuple(blockers)


def snapshot_blockers(inputs: MethodInputs) -> tuple[Blocker, ...]:
    if inputs.backup_error is not None:
        return (Blocker(inputs.backup_error),)
    if not inputs.from_snapshot:
        return (
            _refused(
                "the backup is not an on-demand backup of DynamoDB, which `method: snapshot` restores",
                "use `method: auto`",
            ),
        )
    blockers = _target_not_new(inputs, "a restore of an on-demand backup")
    blockers += _partial(inputs, "a restore of an on-demand backup")
    if not inputs.same_account:
        blockers.append(
            _refused(
                "AWS restores an on-demand backup only in the account in which it was created",
                "restore an export with `method: write`",
            )
        )
    if inputs.restore.target.indexes == "after-load":
        blockers.append(
            _refused(
                "a restore of an on-demand backup creates the table with its indexes, but the restore has "
                "`indexes: after-load`",
                "remove `to.indexes`",
            )
        )
    mode = get_object(inputs.description, "BillingModeSummary").get("BillingMode")
    if inputs.restore.target.billing_mode == "PROVISIONED" and mode == "PAY_PER_REQUEST":
        blockers.append(
            _refused(
                f"{inputs.restore.table} was an on-demand table, so there is no provisioned capacity to copy",
                "remove `to.billing_mode`",
            )
        )
    return tuple(blockers)


# ---- by what a closer look at bucket and target shows


def unconfirmed(target: str, *, existing: Existing, is_live: bool, origin: Origin | None) -> Blocker:
    """``is_live``: the backup is of the target. ``origin``: the one that the restore names."""
    if not is_live:
        which = "exists"
    elif origin is None:
        which = "is the live table of this backup"
    else:
        which = f"is a live table, and the backup is of {origin}"
    effects = {"keep": "writes items into it", "mirror": "replaces and deletes its items"}
    effect = effects.get(existing, "replaces its items")
    return _refused(f"{target} {which}, and `existing: {existing}` {effect}", "pass --yes to confirm")


def adoptable(target: str, source: str) -> Blocker:
    """A table that a killed run of this restore requested, and did not come to record."""
    return _refused(
        f"{target} exists: AWS is restoring it from {source}, as an earlier run of this restore requested before it "
        "was interrupted",
        "pass --adopt to continue with this table",
    )


def not_adoptable(target: str, reason: str) -> Blocker:
    return _refused(
        f"nothing proves that an earlier run of this restore requested the table {target}: {reason}",
        "restore to another table, or delete this one and run the restore again without --adopt",
    )


def target_exists(target: str) -> Blocker:
    """For ``create: new`` with a method that writes into a table that ddbbackup creates."""
    return _refused(f"the target {target} exists, but the restore has `create: new`", _OTHER_TARGET)


def target_holds_items(target: str) -> Blocker:
    """A run checks with a consistent read; a preview uses the last item count of DynamoDB and reads no item."""
    return _refused(
        f"the target {target} already holds items, but the restore has `existing: fail`",
        "restore to another table, or set `existing` to `keep`, `overwrite` or `mirror`",
    )


def target_was_restored(target: str, run: str) -> Blocker:
    """For a target that another run restored from the same backup a short while ago: it may have been interrupted
    before it came to its other tables.
    """
    return _refused(
        f"the target {target} already holds items: the run {run} restored this backup into it, completely",
        f"pass `--run-id {run}`, so that it counts as done, or restore to another table",
    )


def other_key_schema(
    target: str, target_keys: Sequence[KeyAttribute], recorded_keys: Sequence[KeyAttribute]
) -> Blocker:
    return _refused(
        f"the key schema of {target} is {_format_keys(target_keys)}, but that of the table that was backed up is "
        f"{_format_keys(recorded_keys)}",
        "restore to a table with the same key schema",
    )


def missing_files(data_files: DataFiles, backup: str, hint: str) -> tuple[Blocker, ...]:
    """For every method: a backup without all of its data files cannot be restored."""
    if not data_files.missing:
        return ()
    total = sum(map(len, (data_files.files, *data_files.windows, data_files.missing)))
    error = DataIncomplete(
        f"{grouped(len(data_files.missing))} of {counted(total, 'data file')} of {backup} "
        f"{agreeing(len(data_files.missing), 'is', 'are')} missing, the first is "
        f"{S3Location(data_files.bucket, data_files.missing[0])}",
        hint=hint,
    )
    return (Blocker(error),)


def unexpected_objects(data_files: DataFiles) -> tuple[Blocker, ...]:
    """For methods by which AWS reads the folder."""
    if not data_files.unexpected:
        return ()
    return (
        _refused(
            f"AWS would also read {counted(len(data_files.unexpected), 'object')} in "
            f"{S3Location(data_files.bucket, data_files.prefix)} that the manifest does not name; the first is "
            f"{data_files.unexpected[0]}",
            "move these objects elsewhere, or use `method: write`",
        ),
    )


def too_many_imports(running: int, region: str) -> Blocker:
    return _refused(
        f"{running} imports are running in {region}, and AWS runs no more at a time",
        "wait until one of them has ended, or use `method: write`",
    )


def too_large_for_imports(size_bytes: int, running_bytes: int, quota_bytes: int, region: str) -> Blocker:
    """``running_bytes`` are those that the running imports read."""
    wait = "wait until the running imports have ended, or use" if size_bytes <= quota_bytes else "use"
    return _refused(
        f"the data files of the backup ({_gibibytes(size_bytes)}) and those that running imports read "
        f"({_gibibytes(running_bytes)}) exceed the {_gibibytes(quota_bytes)} that AWS imports at a time in {region}",
        f"{wait} `method: write`",
    )


def other_import_running(target: str, import_arn: str) -> Refused:
    return Refused(
        f"another import into {target} is running: {import_arn}", hint="wait until this import has ended"
    )


# ---- shared by several methods


def _no_backup(inputs: MethodInputs) -> list[Blocker]:
    if inputs.from_snapshot:
        return [
            _refused(
                "the backup is an on-demand backup of DynamoDB, whose items only AWS can read",
                "use `--method snapshot`, which restores it into a new table",
            )
        ]
    return [Blocker(inputs.backup_error)] if inputs.backup_error else []


def _mirror_of_a_part(inputs: MethodInputs) -> list[Blocker]:
    """A mirror deletes what the restore point does not hold, so it must hold the whole table."""
    if inputs.restore.existing != "mirror" or inputs.restore.only is None:
        return []
    return [
        _refused(
            f"`existing: mirror` of a part would delete all other items of {inputs.target}",
            "use `existing: overwrite`, or restore the whole table",
        )
    ]


def _impossible_change(inputs: MethodInputs) -> list[Blocker]:
    """A key may be hashed as a whole, but without it, or with the same one for all, items cannot be put."""
    change = inputs.restore.change
    if change is None:
        return []
    if change.hashed and not change.key:
        return [_refused("the key of `change.hash` is empty", "set the variable that the plan takes it from")]
    keys = {name for name, _, _ in key_types(inputs.target_description or inputs.description)}
    return [
        _refused(
            f"`change` drops, sets or changes the inside of {name}, which is a key attribute of {inputs.target}",
            f"remove {name} from `change`, or hash it",
        )
        for name in sorted(keys & change.removed)
    ]


def _no_target(inputs: MethodInputs) -> list[Blocker]:
    """For methods that write into an existing table or one that ddbbackup creates."""
    if inputs.exists or inputs.backup_error is not None:
        return []
    if inputs.restore.target.create == "never":
        error = TableMissing(
            f"the target {inputs.target} does not exist, but the restore has `create: never`",
            hint="create the table, or set `create: if-missing`",
        )
        return [Blocker(error)]
    if not inputs.description:
        return [
            _refused(
                f"the target {inputs.target} does not exist, and the backup has no record that describes its table",
                "create the table with the key schema of the backup, then run the restore again",
            )
        ]
    return []


def _target_not_new(inputs: MethodInputs, method: str) -> list[Blocker]:
    """For methods by which AWS creates the target."""
    if inputs.exists:
        return [_refused(f"the target {inputs.target} exists, but {method} creates its table", _OTHER_TARGET)]
    if inputs.restore.target.create == "never":
        return [
            _refused(f"{method} creates its table, but the restore has `create: never`", "set `create: new`")
        ]
    return []


def _partial(inputs: MethodInputs, method: str) -> list[Blocker]:
    """For methods by which AWS loads the whole backup."""
    if inputs.restore.only is None:
        return []
    return [_refused(f"{method} restores whole tables, but the restore has `only`", "use `method: write`")]


def _unfit_part(inputs: MethodInputs) -> list[Blocker]:
    """Whether ``only`` fits the keys of the table, as far as they are known."""
    description = inputs.target_description or inputs.description
    if inputs.restore.only is None or not description:
        return []
    try:
        item_filter(inputs.restore.only, recorded_keys(description))
    except (Refused, DataIncomplete) as error:
        return [Blocker(error)]
    return []


def _too_many_files(inputs: MethodInputs) -> list[Blocker]:
    if (inputs.files or 0) <= FILES_PER_JOB:
        return []
    return [
        _refused(
            f"the backup has {counted(inputs.files or 0, 'data file')}, but AWS reads at most "
            f"{grouped(FILES_PER_JOB)} per import or bulk put",
            "use `method: write`",
        )
    ]


def _other_format(inputs: MethodInputs) -> list[Blocker]:
    if inputs.for_aws:
        return []
    return [
        _refused(
            "the data is not an export in the format DYNAMODB_JSON, which imports and bulk puts read",
            "use `method: write`",
        )
    ]


def _gibibytes(size_bytes: int) -> str:
    return f"{math.ceil(size_bytes / 1024**3)} GiB"


def _format_keys(keys: Sequence[KeyAttribute]) -> str:
    return " + ".join(f"{key.name} ({key.type})" for key in keys)


def _refused(message: str, hint: str) -> Blocker:
    return Blocker(Refused(message, hint=hint))
