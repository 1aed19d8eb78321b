"""What is printed, written and sent: no secret, no item, no character that acts on a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from moto.s3.models import s3_backends

from tests.faults.broken_answers import json_error
from tests.faults.laws import ITEM_MARK, SECRET_MARK
from tests.faults.model import Scenario
from tests.faults.works import WORKS, check_items
from tests.faults.world import ACCOUNT, SESSION_TOKEN, World
from tests.support.aws_proxy import Delivery, Exchange, Reply

_FILES: Final = tuple(
    part for form in ("json", "junit", "markdown", "github") for part in ("--output", f"{form}=report.{form}")
)


# ---- texts that AWS writes about items

# What DynamoDB says of an item that it refuses, with the value where servers put it; and words nobody has seen yet.
REASONS: Final[Mapping[str, str]] = {
    "number": "A value provided cannot be converted into a number: {value}",
    "number-quoted": 'The parameter cannot be converted to a numeric value: "{value}"',
    "key-type": "One or more parameter values were invalid: Type mismatch for key id expected: N actual: {value}",
    "key-size": "One or more parameter values were invalid: Size of hashkey {value} has exceeded the maximum",
    "set": "One or more parameter values were invalid: Input collection [{value}, {value}] contains duplicates.",
    "new-words": "The attribute {value} may not be stored in this kind of table",
    "only-the-value": "{value}",
    "cut": "The attribute value is wrong: {cut}",
    "spaces": "The attribute value is wrong: {spaced}",
    "two-lines": "The attribute value is wrong:\n{value}\nrefused",
    "json": 'Item {{"v": {{"S": "{value}"}}}} refused',
    "control-characters": "refused \x1b[31m\u202e{value}\x07",
}


def _some_value(world: World) -> str:
    """Of an item of the backup that the target does not hold yet."""
    values = [str(item["v"]["S"]) for item in world.wanted]
    return world.random.choice([value for value in values if value.startswith(ITEM_MARK)])


def _play_rejected(world: World, scenario: Scenario) -> None:
    """DynamoDB refuses one item and quotes it: the value is in the private rejects file only."""
    work = WORKS[scenario.work]
    work.prepare(world)
    value = _some_value(world)
    text = REASONS[scenario.point].format(value=value, cut=value[: len(ITEM_MARK) + 4], spaced=f"  {value} ")
    reply = json_error(400, "ValidationException", text)
    needle = value.encode()

    def fault(exchange: Exchange) -> Delivery:
        if needle in exchange.request.body:
            return Delivery(reply.wire)
        return Delivery(exchange.forward().wire)

    operation = "PutItem" if scenario.work == "write-keep" else "BatchWriteItem"
    with world.fault_at(operation, fault, times=10**6):
        done = world.run("restore", "copy", *_FILES, "--log-format", world.random.choice(("json", "console")))
    world.expect_code(done, 65)
    rejects = [path for path in world.machine("here").rglob("rejects*.jsonl") if path.is_file()]
    world.require(
        any(needle in path.read_bytes() for path in rejects), "rejected items are kept", f"{rejects}: {done}"
    )
    for path in rejects:
        world.require(
            not path.stat().st_mode & 0o077, "rejected items are private", f"{path} {path.stat().st_mode:o}"
        )


def _play_error_text(world: World, scenario: Scenario) -> None:
    """An error of any operation quotes what it was sent, and characters that act on a terminal."""
    work = WORKS[scenario.work]
    work.prepare(world)
    words = f"\x1b]0;owned\x07 {ITEM_MARK} {SESSION_TOKEN} \u202eevil\x9b \n::error::owned"

    def fault(exchange: Exchange) -> Delivery:
        if exchange.request.service == "s3":
            text = words.replace("\x1b", "&#27;").replace("\x07", "")
            body = f"<?xml version='1.1'?><Error><Code>AccessDenied</Code><Message>{text}</Message></Error>"
            return Delivery(Reply(403, (("Content-Type", "application/xml"),), body.encode()).wire)
        return Delivery(json_error(400, "AccessDeniedException", words).wire)

    form = world.random.choice(("console", "json"))
    with world.fault_at(scenario.point, fault, times=10**6) as hit:
        done = world.run(*work.arguments, *_FILES, "--log-format", form)
    world.require(bool(hit), "every fault reaches the program", f"{scenario.point} is not used: {done}")
    for name, text in {"stdout": done.out, "stderr": done.err, **done.files}.items():
        world.require(
            not any(line.startswith("::error::owned") for line in text.splitlines()),
            "no workflow command of others",
            f"{name} of {done}",
        )


def _play_failed_job(world: World, scenario: Scenario) -> None:
    """AWS ends an export, an import or a bulk put, and says why in words that quote an item."""
    work = WORKS[scenario.work]
    work.prepare(world)
    words = REASONS[world.random.choice(("new-words", "json", "two-lines", "control-characters"))]
    text = words.format(value=_some_value(world) if world.wanted else ITEM_MARK)
    description, status = {
        "DescribeExport": ("ExportDescription", "ExportStatus"),
        "DescribeImport": ("ImportTableDescription", "ImportStatus"),
        "DescribeBulkOperation": ("BulkOperationDescription", "BulkOperationStatus"),
    }[scenario.point]

    def fault(exchange: Exchange) -> Delivery:
        document = json.loads(exchange.forward().body)
        document[description] |= {status: "FAILED", "FailureCode": "Wrong item", "FailureMessage": text}
        return Delivery(
            Reply(200, (("Content-Type", "application/x-amz-json-1.0"),), json.dumps(document).encode()).wire
        )

    form = world.random.choice(("console", "json"))
    with world.fault_at(scenario.point, fault, times=10**6):
        done = world.run(*work.arguments, *_FILES, "--log-format", form)
    world.expect_code(done, 1, 65)
    for arguments in (("list",), ("status",)):
        world.run(*arguments, "--log-format", form)


# ---- secrets of the configuration


def _secret_plan(world: World, point: str) -> tuple[dict[str, Any], dict[str, str | None]]:
    """Members of the plan and variables of the environment that hold a secret."""
    url = world.shared.receiver.url
    with_password = url.replace("http://", f"http://user:pass-{SECRET_MARK}@")
    nowhere = f"http://user:pass-{SECRET_MARK}@127.0.0.1:9/x"
    by_name: dict[str, tuple[dict[str, Any], dict[str, str | None]]] = {
        "ping-password": (
            {"notifications": {"m": {"ping": {"url": "${URL}"}}}},
            {"URL": f"{with_password}/p"},
        ),
        "ping-refused": ({"notifications": {"m": {"ping": {"url": "${URL}"}}}}, {"URL": nowhere}),
        "ping-token": (
            {"notifications": {"m": {"ping": {"url": "${URL}"}}}},
            {"URL": f"http://127.0.0.1:9/token-{SECRET_MARK}"},
        ),
        "webhook-header": (
            {
                "notifications": {
                    "m": {
                        "webhook": {"url": "${URL}", "headers": {"Authorization": "Bearer ${TOKEN}"}},
                        "when": ["always"],
                    }
                }
            },
            {"TOKEN": f"token-{SECRET_MARK}", "URL": f"{url}/w"},
        ),
        "slack-refused": (
            {"notifications": {"m": {"slack": {"webhook_url": "${URL}"}, "when": ["always"]}}},
            {"URL": f"http://127.0.0.1:9/services/T0/B0/{SECRET_MARK}"},
        ),
        "pushgateway": ({"metrics": {"pushgateway": {"url": "${URL}"}}}, {"URL": nowhere}),
        "proxy": ({}, {"HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere, "NO_PROXY": "127.0.0.1"}),
        "proxy-in-use": ({}, {"HTTP_PROXY": nowhere, "http_proxy": nowhere, "NO_PROXY": "", "no_proxy": ""}),
        "external-id": (
            {
                "settings": {
                    "assume_role": {
                        "role_arn": "arn:aws:iam::123456789012:role/ddbbackup",
                        "external_id": "${EXTERNAL_ID}",
                    }
                }
            },
            {"EXTERNAL_ID": f"external-{SECRET_MARK}"},
        ),
        "endpoint": (
            {"settings": {"endpoint_urls": dict.fromkeys(world.aws.endpoint_urls, "${URL}")}},
            {"URL": nowhere.removesuffix("/x")},
        ),
        "profile": ({"settings": {"profile": "nobody"}}, {}),
    }
    return by_name[point]


SECRETS: Final = (
    "ping-password",
    "ping-refused",
    "ping-token",
    "webhook-header",
    "slack-refused",
    "pushgateway",
    "proxy",
    "proxy-in-use",
    "external-id",
    "endpoint",
    "profile",
)


def _play_secret(world: World, scenario: Scenario) -> None:
    """Secrets of addresses and headers go where they belong, and nowhere else; a failure tells none."""
    work = WORKS["backup"]
    work.prepare(world)
    members, env = _secret_plan(world, scenario.point)
    settings = members.pop("settings", None)
    world.write_plan(settings=settings, **members)
    # A password in the address of an endpoint may be refused as a part of the plan.
    invalid = (78,) if scenario.point == "endpoint" else ()
    fails = world.random.random() < 0.4
    form = world.random.choice(("console", "json"))

    def fault(exchange: Exchange) -> Delivery:
        return Delivery(json_error(400, "AccessDeniedException", f"not with token {SESSION_TOKEN}").wire)

    with world.fault_at("ExportTableToPointInTime", fault, times=100 if fails else 0):
        world.run("backup", *_FILES, "--log-format", form, env=env, codes=invalid)
    for arguments in world.random.sample([("status",), ("list",), ("wait",)], 2):
        world.run(*arguments, "--log-format", form, env=env, codes=invalid)


def _play_credential_helper(world: World, scenario: Scenario) -> None:
    """A credential process that fails, hangs on or prints what is no answer: 77, and its words tell no secret."""
    WORKS["backup"].prepare(world)
    script = {
        "fails": f"echo {SECRET_MARK} >&2; exit 3",
        "no-json": f"echo {SECRET_MARK}",
        "wrong-json": f'echo \'{{"Version": 1, "SecretAccessKey": "{SECRET_MARK}"}}\'',
        "version-9": f'echo \'{{"Version": 9, "AccessKeyId": "a", "SecretAccessKey": "{SECRET_MARK}"}}\'',
        "missing": "",
    }[scenario.point]
    place = world.machine("here")
    helper = place / "helper.sh"
    if script:
        helper.write_text(f"#!/bin/sh\n{script}\n")
        helper.chmod(0o755)
    (place / "config").write_text(f"[default]\ncredential_process = {helper}\n")
    env: dict[str, str | None] = dict.fromkeys(
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    )
    env["AWS_CONFIG_FILE"] = str(place / "config")
    for arguments in (("backup", *_FILES), ("status",)):
        world.expect_code(world.run(*arguments, env=env), 77)


# ---- names that others chose


def _play_names(world: World, scenario: Scenario) -> None:
    """Objects with hostile names lie in the vault, where the program lists."""
    WORKS["verify"].prepare(world)
    name = {
        "escape": "\x1b[31mred",
        "bidi": "\u202egnp",
        "c1": "\u009b31m",
        "newline": "a\nb\n::error::owned",
        "workflow-command": "::error::owned",
        "long": "x" * 800,
    }[scenario.point]
    (record,) = world.objects("record")
    folder = record.rpartition("/")[0]
    data = world.objects("data")[0].rpartition("/")[0]
    for key in (f"{folder}/{name}.json", f"{data}/{name}.json.gz"):
        s3_backends[ACCOUNT]["aws"].put_object(world.bucket, key, b"{}")  # some clients cannot name them
    for arguments in (("list",), ("status",), ("verify", *_FILES), ("wait", *_FILES)):
        world.run(*arguments, "--log-format", world.random.choice(("console", "json")))
    world.write_plan(restore={"method": world.random.choice(("write", "import"))})
    world.wanted = world.aws.items(world.source)
    done = world.run("restore", "copy", *_FILES)
    if done.code == 0:
        check_items(world)


def _play_notified(world: World, scenario: Scenario) -> None:
    """Notifications of a restore that met everything: they hold facts, never items."""
    work = WORKS["write-fail"]
    work.prepare(world)
    url = world.shared.receiver.url
    channels: dict[str, Any] = {
        "monitor": {"ping": {"url": "${RECEIVER}/ping"}, "verbs": ["restore"]},
        "hook": {"webhook": {"url": "${RECEIVER}/hook"}, "when": ["always"], "verbs": ["restore"]},
        "chat": {"slack": {"webhook_url": "${RECEIVER}/chat"}, "when": ["always"], "verbs": ["restore"]},
    }
    world.write_plan(
        restore={"method": "write"}, notifications=channels, metrics={"pushgateway": {"url": url}}
    )
    needle = _some_value(world).encode()
    text = REASONS[scenario.point].format(
        value=needle.decode(), cut=needle.decode()[:-3], spaced=needle.decode()
    )

    def fault(exchange: Exchange) -> Delivery:
        if needle in exchange.request.body:
            return Delivery(json_error(400, "ValidationException", text).wire)
        return Delivery(exchange.forward().wire)

    with world.fault_at("BatchWriteItem", fault, times=10**6):
        done = world.run("restore", "copy", *_FILES, env={"RECEIVER": url})
    world.expect_code(done, 65)
    bodies = [request.body for request in world.received]
    world.require(len(bodies) > 2, "notifications are sent", f"{[r.path for r in world.received]}: {done}")
    for body in bodies:
        if body.startswith(b"{"):
            world.require(
                "\x1b" not in json.loads(body).get("text", ""), "no control character sent", f"{body!r}"
            )


SCENARIOS: Final = (
    *(
        Scenario("rejected-item", work, point, _play_rejected)
        for work in ("write-fail", "write-keep")
        for point in REASONS
    ),
    *(
        Scenario("error-text", work, operation, _play_error_text)
        for work, operation in (
            ("backup", "DescribeTable"),
            ("backup", "ExportTableToPointInTime"),
            ("backup", "ListObjectsV2"),
            ("backup", "DescribeExport"),
            ("backup", "PutObject:record"),
            ("backup", "GetCallerIdentity"),
            ("verify", "GetObject:record"),
            ("verify", "GetObject:data"),
            ("write", "CreateTable"),
            ("write", "BatchGetItem"),
            ("import", "TagResource"),
            ("write", "UpdateTimeToLive"),
            ("write-fail", "BatchWriteItem"),
            ("write-keep", "PutItem"),
            ("import", "ImportTable"),
            ("import", "DescribeImport"),
            ("bulk-put", "StartBulkPutItems"),
            ("point-in-time", "RestoreTableToPointInTime"),
        )
    ),
    *(
        Scenario("failed-job", work, operation, _play_failed_job)
        for work, operation in (
            ("backup", "DescribeExport"),
            ("import", "DescribeImport"),
            ("bulk-put", "DescribeBulkOperation"),
        )
    ),
    *(Scenario("secret", "backup", point, _play_secret) for point in SECRETS),
    *(
        Scenario("credential-process", "backup", point, _play_credential_helper)
        for point in ("fails", "no-json", "wrong-json", "version-9", "missing")
    ),
    *(
        Scenario("hostile-name", "vault", point, _play_names)
        for point in ("escape", "bidi", "c1", "newline", "workflow-command", "long")
    ),
    *(
        Scenario("notification", "write-fail", point, _play_notified)
        for point in ("number", "new-words", "json", "control-characters")
    ),
)
