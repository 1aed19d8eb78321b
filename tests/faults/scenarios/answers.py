"""Every operation that the program uses, and every way in which its answer can be broken."""

from __future__ import annotations

from typing import Final

from tests.faults.broken_answers import BROKEN_ANSWERS, cut, denied, empty, half_head, html
from tests.faults.model import Scenario
from tests.faults.works import WORKS, first_arguments, run_again
from tests.faults.world import World
from tests.support.aws_proxy import Delivery, Exchange, Reply


def _play(world: World, scenario: Scenario) -> None:
    """One to three answers of one operation are broken; then the same again without faults."""
    work = WORKS[scenario.work]
    work.prepare(world)
    kinds = BROKEN_ANSWERS[scenario.fault]
    fault = kinds[world.seed % len(kinds)](world.random)
    skip, times = world.random.choice((0, 0, 0, 1, 2)), world.random.choice((1, 1, 2, 3))
    before = len(world.proxy.requests)
    with world.fault_at(scenario.point, fault, skip=skip, times=times):
        first = world.run(*first_arguments(work))
    used = {request.operation for request in world.proxy.requests[before:]}
    world.require(
        scenario.point in used, "every fault reaches the program", f"{scenario.point} is not used: {first}"
    )
    if first.code == 0:
        work.check(world)
    run_again(world, work, scenario.then, finished=first.code == 0)


def _play_without_faults(world: World, scenario: Scenario) -> None:
    """The lists of operations and requests that the other scenarios build on are complete."""
    work = WORKS[scenario.work]
    work.prepare(world)
    before = len(world.proxy.requests)
    done = world.run(*first_arguments(work))
    world.expect_code(done, 0)
    work.check(world)
    requests = world.proxy.requests[before:]
    known = {operation for each in WORKS.values() for operation in each.operations}
    missing = sorted({request.operation for request in requests} - known)
    world.require(not missing, "every operation meets faults", f"add to works.WORKS: {missing}")
    world.require(
        len(requests) <= work.requests,
        "every request meets a kill",
        f"{len(requests)} requests, works.WORKS says {work.requests}",
    )


def _play_unproven_put(world: World, scenario: Scenario) -> None:
    """Nothing is written, and the answer has status 200 but not the shape of DynamoDB's."""
    body = UNPROVEN[scenario.point]
    kind = world.random.choice(("application/x-amz-json-1.0", "text/html"))
    work = WORKS[scenario.work]
    work.prepare(world)

    def fault(exchange: Exchange) -> Delivery:
        return Delivery(
            Reply(200, (("Content-Type", kind),), body.replace(b"TARGET", world.target.encode())).wire
        )

    put = "BatchWriteItem" if scenario.work == "write-fail" else "PutItem"
    with world.fault_at(put, fault, skip=world.random.choice((0, 1, 2))):
        first = world.run(*first_arguments(work))
    if first.code == 0:
        work.check(world)
    run_again(world, work, scenario.then, finished=first.code == 0)


UNPROVEN: Final = {
    "empty-object": b"{}",
    "unknown-member": b'{"status":"ok"}',
    "error-in-200": b'{"__type":"com.amazon.coral.service#InternalServerError","message":"x"}',
    "null-unprocessed": b'{"UnprocessedItems":null}',
    "list-unprocessed": b'{"UnprocessedItems":[]}',
    "message": b'{"message":"Forbidden"}',
    "other-table": b'{"UnprocessedItems":{"elsewhere":[]}}',
    "consumed-only": b'{"ConsumedCapacity":[]}',
    "not-json": b"written",
    "null": b"null",
    "deletes": b'{"UnprocessedItems":{"TARGET":[{"DeleteRequest":{"Key":{"id":{"S":"k00001"}}}}]}}',
}


def _play_wrong_checksum(world: World, scenario: Scenario) -> None:
    """The body was changed on the way, and x-amz-crc32 tells."""
    work = WORKS[scenario.work]
    work.prepare(world)

    def fault(exchange: Exchange) -> Delivery:
        reply = exchange.forward()
        headers = tuple(each for each in reply.headers if each[0].lower() != "x-amz-crc32")
        return Delivery(Reply(reply.status, (*headers, ("x-amz-crc32", "1")), reply.body).wire)

    with world.fault_at(scenario.point, fault, times=world.random.choice((1, 2))):
        first = world.run(*first_arguments(work))
    if first.code == 0:
        work.check(world)
    run_again(world, work, scenario.then, finished=first.code == 0)


def _play_repeated_token(world: World, scenario: Scenario) -> None:
    """A list gives the same page and the same token again and again: the run ends."""
    work = WORKS[scenario.work]
    work.prepare(world)
    if scenario.point == "ListExports":
        world.run_killed_when(
            lambda request: request.operation == "ExportTableToPointInTime",
            *first_arguments(work),
            after=True,
        )

    def fault(exchange: Exchange) -> Delivery:
        if exchange.request.service == "s3":
            name, key = world.bucket, "ddb/nothing"
            body = (
                "<?xml version='1.0'?><ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>"
                f"<Name>{name}</Name><KeyCount>1</KeyCount><IsTruncated>true</IsTruncated>"
                f"<NextContinuationToken>again</NextContinuationToken><Contents><Key>{key}</Key>"
                "<Size>1</Size><ETag>&quot;e&quot;</ETag></Contents></ListBucketResult>"
            )
            return Delivery(Reply(200, (("Content-Type", "application/xml"),), body.encode()).wire)
        members = {"ListExports": "ExportSummaries", "ListImports": "ImportSummaryList"}
        body = f'{{"{members.get(scenario.point, "Tags")}":[],"NextToken":"again"}}'
        return Delivery(Reply(200, (("Content-Type", "application/x-amz-json-1.0"),), body.encode()).wire)

    with world.fault_at(scenario.point, fault, times=3000):
        first = world.run(*first_arguments(work), seconds=90)
    if first.code == 0:
        work.check(world)
    if first.code is not None:
        run_again(world, work, scenario.then, finished=first.code == 0)


def _outage(world: World, scenario: Scenario) -> None:
    """An operation never answers rightly: the run ends with a code for it, and nothing lasting has changed."""
    work = WORKS[scenario.work]
    work.prepare(world)
    kinds = (html, empty, cut, half_head, denied)
    fault = kinds[world.seed % len(kinds)](world.random)
    with world.fault_at(scenario.point, fault, times=10**6):
        # `--timeout` does not limit `method: write`, which gives up after 300 s without a successful write.
        first = world.run(*first_arguments(work), "--timeout", "20s", seconds=420)
    if first.code == 0:
        work.check(world)
    run_again(world, work, scenario.then, finished=first.code == 0)


# Every operation is in one of these works (a test holds that). Reads that every restore does are broken once, with
# `write`; other works meet faults in what only they do.
ANSWERED: Final = {
    **{name: WORKS[name].operations for name in ("backup", "write", "settings")},
    **{name: WORKS[name].operations for name in ("window", "scan", "snapshot", "chain")},
    "verify": ("ListObjectsV2", "GetObject:record", "GetObject:data"),
    "wait": ("GetObject:record", "DescribeExport", "PutObject:record"),
    "prune": (
        "ListObjectsV2",
        "GetObject:record",
        "GetObject:files",
        "GetBucket:versioning",
        "PutObject:record",
        "DeleteObjects",
    ),
    "write-fail": ("Scan", "BatchGetItem"),
    "write-keep": ("PutItem",),
    "mirror": ("Scan", "BatchGetItem", "PutItem", "DeleteItem"),
    "import": (
        "GetObject:state",
        "PutObject:state",
        "ListImports",
        "ImportTable",
        "DescribeImport",
        "DescribeTable",
        "TagResource",
    ),
    "bulk-put": ("Scan", "StartBulkPutItems", "DescribeBulkOperation", "ListObjectsV2", "DescribeTable"),
    "point-in-time": ("DescribeTable", "DescribeContinuousBackups", "RestoreTableToPointInTime"),
}

SCENARIOS: Final = (
    *(Scenario("no-fault", name, "", _play_without_faults, then="nothing") for name in WORKS),
    *(
        Scenario(fault, work, operation, _play)
        for work, operations in ANSWERED.items()
        for operation in operations
        for fault in BROKEN_ANSWERS
    ),
    *(
        Scenario("unproven-put", work, shape, _play_unproven_put)
        for work in ("write-fail", "write-keep", "mirror")
        for shape in UNPROVEN
    ),
    *(
        Scenario("wrong-checksum", work, operation, _play_wrong_checksum)
        for work, operation in (
            ("backup", "DescribeTable"),
            ("backup", "ExportTableToPointInTime"),
            ("write-fail", "BatchWriteItem"),
            ("write-fail", "DescribeTable"),
            ("write-keep", "PutItem"),
            ("mirror", "PutItem"),
            ("mirror", "DeleteItem"),
            ("import", "ImportTable"),
            ("import", "DescribeImport"),
        )
    ),
    *(
        Scenario("repeated-token", work, operation, _play_repeated_token)
        for work, operation in (
            ("backup", "ListExports"),
            ("backup", "ListTagsOfResource"),
            ("backup", "ListObjectsV2"),
            ("verify", "ListObjectsV2"),
            ("import", "ListImports"),
            ("write", "ListObjectsV2"),
        )
    ),
    *(
        Scenario("outage", work, operation, _outage)
        for work, operation in (
            ("backup", "DescribeExport"),
            ("backup", "ExportTableToPointInTime"),
            ("backup", "PutObject:record"),
            ("backup", "GetObject:files"),
            ("window", "GetObject:record"),
            ("window", "ExportTableToPointInTime"),
            ("window", "DescribeExport"),
            ("scan", "Scan"),
            ("scan", "PutObject:data"),
            ("scan", "PutObject:other"),
            ("snapshot", "CreateBackup"),
            ("snapshot", "DescribeBackup"),
            ("chain", "GetObject:record"),
            ("chain", "GetObject:data"),
            ("write", "BatchWriteItem"),
            ("write", "GetObject:data"),
            ("import", "DescribeImport"),
        )
    ),
)
