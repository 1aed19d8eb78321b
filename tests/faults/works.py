"""What the scenarios run: verbs and restore methods, what each needs, and what is so after exit code 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.faults.model import Then
from tests.faults.world import ACCOUNT, World, chain_items, export_lines
from tests.support.aws import REGION, in_order
from tests.support.everything import Everything
from tests.support.next_second import wait_for_next_second

RUN_ID: Final = "nightly-1"


@dataclass(frozen=True)
class Work:
    """``check`` reports what is wrong after exit code 0. ``operations`` are those that a run without faults uses.

    ``requests`` is how many requests such a run sends at most. ``refusals`` are exit codes other than 0 that the
    next run may end with, if another machine has to finish what the first one left.
    """

    name: str
    arguments: tuple[str, ...]
    prepare: Callable[[World], None]
    check: Callable[[World], None]
    operations: tuple[str, ...]
    requests: int
    thens: tuple[Then, ...]
    refusals: Mapping[Then, tuple[int, ...]] = field(default_factory=dict)

    @property
    def refuses_full_target(self) -> bool:
        return self.arguments[0] == "restore" and self.name not in ("write-keep", "write-overwrite", "mirror")


# ---- backup


def _prepare_backup(world: World) -> None:
    world.create_bucket()
    world.create_source()
    world.write_plan()


def check_backup(world: World) -> None:
    """The newest record is complete, and the data that it refers to is the whole table."""
    complete = [each for each in world.records() if each["state"] == "complete"]
    world.require(
        bool(complete), "exit 0 means a complete record", f"states {[e['state'] for e in world.records()]}"
    )
    if not complete:
        return
    text = str(complete[-1])
    roots = {key.rpartition("/data/")[0] + "/" for key in world.aws.keys(world.bucket) if "/data/" in key}
    named = [root for root in roots if root.rstrip("/").rpartition("/")[2] in text]
    world.require(len(named) == 1, "the record names its export", f"{named} in {text[:300]}")
    for root in named:
        world.require(
            export_lines(world.aws, world.bucket, root) == world.aws.items(world.source),
            "exit 0 means that the backup is whole",
            root,
        )


def check_window(world: World) -> None:
    """One window follows the full backup, and both together are the whole table.

    If no record could be read, another full backup begins a chain and says so.
    """
    records = [each for each in world.records() if each["state"] == "complete"]
    kinds = [each["covers"]["kind"] for each in records]
    if kinds == ["instant", "instant"]:
        reason = records[1]["chain"]["restarted"]["reason"]
        world.require(reason == "unusable", "a new chain says why it begins", f"reason {reason}")
        return
    world.require(kinds == ["instant", "window"], "exit 0 means that a window is complete", f"kinds {kinds}")
    if kinds != ["instant", "window"]:
        return
    needs = records[1]["chain"]["needs"]
    world.require(needs == [each["id"] for each in records], "a window names its chain", f"{needs}")
    world.require(
        chain_items(world.aws, world.bucket, records) == world.aws.items(world.source),
        "exit 0 means that the chain is whole",
        str(needs),
    )


def _prepare_scan(world: World) -> None:
    world.create_bucket()
    world.create_source()
    world.write_plan(tables=[{"name": world.source, "method": "scan"}])


def _prepare_snapshot(world: World) -> None:
    world.create_source()
    world.create_bucket()
    world.write_plan(tables=[{"name": world.source, "method": "snapshot"}])


def check_snapshot(world: World) -> None:
    """The newest record is complete, and AWS has its on-demand backup; one for each run."""
    listed = world.aws.dynamodb.list_backups(TableName=world.source)["BackupSummaries"]
    available = {each["BackupArn"] for each in listed if each["BackupStatus"] == "AVAILABLE"}
    complete = [each["snapshot"]["arn"] for each in world.records() if each["state"] == "complete"]
    world.require(
        bool(complete) and set(complete) <= available,
        "exit 0 means that AWS has the on-demand backup",
        f"recorded {complete}, available {available}",
    )
    world.require(
        len(listed) <= world.backup_runs,
        "one on-demand backup per run id",
        f"{len(listed)} for {world.backup_runs} run ids",
    )


def _prepare_wait(world: World) -> None:
    _prepare_backup(world)
    world.expect_code(world.run("backup", "--run-id", RUN_ID, "--no-wait"), 0)


def _prepare_verify(world: World) -> None:
    _prepare_backup(world)
    world.expect_code(world.run("backup", "--run-id", RUN_ID), 0)


def _prepare_prune(world: World) -> None:
    _prepare_verify(world)
    wait_for_next_second()
    world.expect_code(world.run("backup", "--run-id", "nightly-2"), 0)
    world.write_plan(tables=[{"name": world.source, "retention": {"keep_last": 1}}])


def check_prune(world: World) -> None:
    """One backup is left, which is whole, and nothing of the other one."""
    states = [each["state"] for each in world.records()]
    world.require(states == ["complete"], "exit 0 means that one backup is left", str(states))
    exports = {key.split("AWSDynamoDB/")[1].split("/")[0] for key in _of_exports(world)}
    world.require(len(exports) == 1, "exit 0 means that nothing is left of the other one", str(exports))
    check_backup(world)


def _of_exports(world: World) -> list[str]:
    return [key for key in world.aws.keys(world.bucket) if "AWSDynamoDB/" in key]


def _check_nothing(world: World) -> None:
    """Verbs that only read leave nothing to compare."""


# ---- restore


def check_restore(world: World) -> None:
    """The target holds exactly the backup, and the settings of the plan."""
    check_items(world)
    check_settings(world)


def check_items(world: World) -> None:
    found = world.items(world.target)
    wanted = list(world.wanted)
    world.require(
        found == wanted,
        "exit 0 means that the table equals the backup",
        f"{None if found is None else len(found)} items, expected {len(wanted)}",
    )


def check_settings(world: World) -> None:
    """Tags, TTL and point-in-time recovery are those of the source."""
    dynamodb, name = world.aws.dynamodb, world.target
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"
    tags = {tag["Key"]: tag["Value"] for tag in dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]}
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    pitr = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    found = (
        tags,
        ttl["TimeToLiveStatus"],
        pitr["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
    )
    world.require(
        found == ({"team": "orders"}, "ENABLED", "ENABLED"),
        "exit 0 means that the settings are restored",
        str(found),
    )


def _restoring(**restore: Any) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        world.use(world.shared.shared_vault)
        world.write_plan(restore=restore)

    return prepare


def prepare_existing(world: World, **restore: Any) -> None:
    """The target exists, empty."""
    world.use(world.shared.shared_vault)
    world.aws.create_table(world.target)
    world.write_plan(restore=restore)


def _prepare_chain(world: World) -> None:
    """A full backup and a window, into a table that the restore creates."""
    world.use(world.shared.chain_vault)
    world.write_plan(restore={"method": "write"}, tables=[{"name": world.source, "method": "incremental"}])


def _prepare_bulk_put(world: World) -> None:
    prepare_existing(world, method="bulk-put")


def _prepare_fail(world: World) -> None:
    prepare_existing(world, method="write")


def _prepare_keep(world: World) -> None:
    """Some items of the backup are there with another content, which stays."""
    prepare_existing(world, method="write", existing="keep")
    kept = [{"id": item["id"], "v": {"S": "kept"}} for item in world.random.sample(list(world.wanted), 7)]
    world.put(world.target, kept)
    by_key = {item["id"]["S"]: item for item in [*world.wanted, *kept]}
    world.wanted = in_order(by_key.values())


def _prepare_overwrite(world: World) -> None:
    """Some items of the backup are there with another content, which is replaced."""
    prepare_existing(world, method="write", existing="overwrite")
    others = [{"id": item["id"], "v": {"S": "old"}} for item in world.random.sample(list(world.wanted), 7)]
    world.put(world.target, others)


def _prepare_mirror(world: World) -> None:
    """Some items of the backup are missing, some have another content, and some of the target are extra."""
    prepare_existing(world, method="write", existing="mirror")
    items = list(world.wanted)
    there = world.random.sample(items, len(items) - 7)
    changed = [{"id": item["id"], "v": {"S": "old"}} for item in there[:7]]
    extra = [{"id": {"S": f"extra{number}"}, "v": {"S": "extra"}} for number in range(len(items) // 20)]
    world.put(world.target, [*changed, *there[7:], *extra])


def _prepare_settings(world: World) -> None:
    """A table with every setting; the copy gets all of them."""
    world.use(world.shared.settings_vault)
    to = {"table": world.target, "settings": "all"}
    # A table that was on demand for its load keeps more warm throughput than the recorded one has.
    world.write_plan(restore={"method": "write", "to": to, "limits": {"load_capacity": "as-recorded"}})


def _check_all_settings(world: World) -> None:
    check_items(world)
    original, copy = (Everything(world.aws, name).settings() for name in (world.source, world.target))
    # A copy does not write into the stream of the original unless the plan names `kinesis`.
    differing = [name for name in original if name != "kinesis" and copy[name] != original[name]]
    world.require(
        not differing,
        "exit 0 means that the settings are restored",
        f"{[(name, original[name], copy[name]) for name in differing]}"[:600],
    )


_VAULT: Final = (
    "ListObjectsV2",
    "GetObject:record",
    "GetObject:summary",
    "GetObject:files",
    "GetObject:md5",
)
_KNOWN: Final = ("GetObject:known", "PutObject:known")  # the summary of records
_RECORDED: Final = (*_VAULT, "GetObject:description")
# CreateTable takes tags, other ways to make a table do not.
_COPIED: Final = (
    "ListTagsOfResource",
    "DescribeTimeToLive",
    "UpdateTimeToLive",
    "DescribeContinuousBackups",
    "UpdateContinuousBackups",
)
_SETTINGS: Final = (*_COPIED, "TagResource")
_LOOK: Final = ("GetCallerIdentity", "DescribeTable")
_STATE: Final = ("GetObject:state", "PutObject:state")
_RESTORED: Final[tuple[Then, ...]] = ("same", "other-run", "other-machine")
# Another machine may not know that the process of the first one is dead, and says so.
_LEASED: Final[Mapping[Then, tuple[int, ...]]] = {"other-machine": (1, 75)}

WORKS: Final = {
    work.name: work
    for work in (
        Work(
            "backup",
            ("backup",),
            _prepare_backup,
            check_backup,
            (
                *_LOOK,
                "HeadBucket",
                "GetBucket:versioning",
                "GetBucket:object-lock",
                "GetBucket:publicAccessBlock",
                "GetBucket:encryption",
                "GetBucket:lifecycle",
                "ListObjectsV2",
                "PutObject:record",
                "GetObject:description",
                "PutObject:description",
                "ExportTableToPointInTime",
                "ListTagsOfResource",
                "DescribeKinesisStreamingDestination",
                "DescribeTimeToLive",
                "DescribeContinuousBackups",
                "DescribeContributorInsights",
                "DescribeScalableTargets",
                "GetResourcePolicy",
                "HeadObject:summary",
                "DescribeExport",
                "GetObject:summary",
                "GetObject:md5",
                "GetObject:files",
                "HeadObject:data",
                "GetObject:data",
                *_KNOWN,
            ),
            48,
            ("same", "other-run", "other-machine", "wait"),
        ),
        Work(
            "window",
            ("backup",),
            World.begin_chain,
            check_window,
            ("GetObject:record", "DescribeContinuousBackups", "ExportTableToPointInTime", "DescribeExport"),
            60,
            ("same", "other-run", "other-machine", "wait"),
        ),
        Work(
            "scan",
            ("backup",),
            _prepare_scan,
            check_backup,
            (
                "Scan",
                "POST:data",
                "PutObject:data",
                "PutObject:files",
                "PutObject:md5",
                "PutObject:summary",
                "PutObject:other",
                "GetObject:other",
                "PutObject:record",
            ),
            60,
            ("same", "other-run", "other-machine", "wait"),
        ),
        Work(
            "snapshot",
            ("backup",),
            _prepare_snapshot,
            check_snapshot,
            ("CreateBackup", "DescribeBackup", "PutObject:record"),
            46,
            ("same", "other-run", "other-machine", "wait"),
        ),
        Work(
            "wait",
            ("wait",),
            _prepare_wait,
            check_backup,
            (
                "GetCallerIdentity",
                "ListObjectsV2",
                "GetObject:record",
                "HeadObject:summary",
                "DescribeExport",
                "GetObject:summary",
                "GetObject:md5",
                "GetObject:files",
                "GetObject:description",
                "HeadObject:data",
                "GetObject:data",
                "PutObject:record",
                *_KNOWN,
            ),
            32,
            ("same", "other-machine"),
        ),
        Work(
            "verify",
            ("verify",),
            _prepare_verify,
            check_backup,
            (
                "GetCallerIdentity",
                *_VAULT,
                "HeadObject:data",
                "GetObject:data",
            ),
            24,
            ("same", "other-machine"),
        ),
        Work(
            "prune",
            ("prune", "--apply"),
            _prepare_prune,
            check_prune,
            (
                "GetCallerIdentity",
                *_VAULT,
                "GetBucket:versioning",
                "PutObject:record",
                "DeleteObjects",
                *_KNOWN,
            ),
            32,
            ("same", "other-machine"),
        ),
        Work(
            "status",
            ("status",),
            _prepare_verify,
            check_backup,
            ("GetCallerIdentity", "ListObjectsV2", "GetObject:record"),
            8,
            ("same",),
        ),
        Work(
            "list",
            ("list",),
            _prepare_verify,
            check_backup,
            ("GetCallerIdentity", "ListObjectsV2", "GetObject:record"),
            8,
            ("same",),
        ),
        Work(
            "write",
            ("restore", "copy"),
            _restoring(method="write"),
            check_restore,
            (
                *_LOOK,
                *_RECORDED,
                *_STATE,
                "GetObject:data",
                "CreateTable",
                "BatchWriteItem",
                "BatchGetItem",
                *_COPIED,
            ),
            52,
            _RESTORED,
            _LEASED,
        ),
        Work(
            "settings",
            ("restore", "copy"),
            _prepare_settings,
            _check_all_settings,
            (
                "DescribeKey",
                "DescribeScalingPolicies",
                "DescribeScheduledActions",
                "PutResourcePolicy",
                "PutScalingPolicy",
                "PutScheduledAction",
                "RegisterScalableTarget",
                "UpdateContributorInsights",
                "UpdateTable",
            ),
            150,
            _RESTORED,
            _LEASED,
        ),
        Work(
            "write-fail",
            ("restore", "copy"),
            _prepare_fail,
            check_restore,
            ("Scan", "BatchWriteItem", "BatchGetItem", "DescribeKinesisStreamingDestination"),
            54,
            _RESTORED,
            _LEASED,
        ),
        Work(
            "write-keep",
            ("restore", "copy"),
            _prepare_keep,
            check_restore,
            ("PutItem",),
            110,
            _RESTORED,
            _LEASED,
        ),
        Work(
            "write-overwrite",
            ("restore", "copy", "--yes"),
            _prepare_overwrite,
            check_restore,
            ("BatchWriteItem",),
            52,
            _RESTORED,
            _LEASED,
        ),
        Work(
            "mirror",
            ("restore", "copy", "--yes"),
            _prepare_mirror,
            check_restore,
            ("Scan", "BatchGetItem", "PutItem", "DeleteItem", "GetObject:data"),
            90,
            _RESTORED,
            _LEASED,
        ),
        Work(
            "chain",
            ("restore", "copy"),
            _prepare_chain,
            check_restore,
            ("HeadObject:record", "GetObject:record", "GetObject:files", "GetObject:data", "BatchWriteItem"),
            68,
            _RESTORED,
            _LEASED,
        ),
        Work(
            "import",
            ("restore", "copy"),
            _restoring(method="import"),
            check_restore,
            (*_LOOK, *_RECORDED, *_STATE, "ListImports", "ImportTable", "DescribeImport", *_SETTINGS),
            50,
            _RESTORED,
            {"other-machine": (1, 75), "other-run": (1, 75)},
        ),
        Work(
            "bulk-put",
            ("restore", "copy"),
            _prepare_bulk_put,
            check_restore,
            (
                *_LOOK,
                *_RECORDED,
                *_STATE,
                "Scan",
                "StartBulkPutItems",
                "DescribeBulkOperation",
                "ListObjectsV2",
            ),
            54,
            _RESTORED,
            _LEASED,
        ),
        Work(
            "point-in-time",
            ("restore", "copy"),
            _restoring(method="point-in-time"),
            check_restore,
            (
                *_LOOK,
                "DescribeContinuousBackups",
                "RestoreTableToPointInTime",
                "ListTagsOfResource",
                "TagResource",
                "DescribeTimeToLive",
                "UpdateTimeToLive",
                "UpdateContinuousBackups",
            ),
            40,
            _RESTORED,
            # Whose table AWS makes cannot be proved if the answer was lost: `--adopt` is for a person to say.
            {"same": (1,), "other-run": (1,), "other-machine": (1, 75)},
        ),
    )
}


def first_arguments(work: Work) -> tuple[str, ...]:
    """The command whose run meets the fault. Only verbs that change something take a run id."""
    takes_run_id = work.arguments[0] in ("backup", "restore")
    return (*work.arguments, *(("--run-id", RUN_ID) if takes_run_id else ()))


def run_again(world: World, work: Work, then: Then, *, finished: bool = False) -> None:
    """The same work without faults: it ends in the right state, or says why not.

    ``finished``: the run before ended with 0, so that a restore may find its target full, and refuse.
    """
    if then == "any":
        then = world.random.choice(work.thens)
    if then == "nothing":
        return
    arguments = first_arguments(work)
    if then == "wait" and any(each["state"] == "not_whole" for each in world.records()):
        then = "same"  # nothing is in progress: every reading was damaged, and the same run proves it again
    if then == "wait":
        arguments = ("wait",)
    elif then == "other-run" and "--run-id" in arguments:
        arguments = (*work.arguments, "--run-id", "nightly-2")
    machine = "there" if then == "other-machine" else "here"
    done = world.run(*arguments, machine=machine)
    full = (1,) if finished and work.refuses_full_target else ()
    world.expect_code(done, 0, *full, *work.refusals.get(then, ()))
    if then == "wait":
        states = [each["state"] for each in world.records()]
        world.require(
            all(state == "complete" for state in states), "`wait` completes what is in progress", str(states)
        )
    elif done.code == 0 or finished:
        work.check(world)
