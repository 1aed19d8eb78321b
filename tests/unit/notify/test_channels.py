"""What each channel sends, received by a server on loopback; SNS by a topic of its own."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from jsonschema import Draft202012Validator
from structlog.testing import capture_logs

from ddbbackup.errors import AccessDenied, RemoteJobFailed
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.notify import announce, deliver
from ddbbackup.plan.model import Notification
from ddbbackup.plan.schemas import schema_text
from tests.support.news import END, START, news
from tests.support.receiver import Receiver, receiver
from tests.support.servers import free_port


@pytest.fixture
def inbox() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def test_a_ping_tells_start_and_exit_status_of_one_run(inbox: Receiver) -> None:
    """Both with the same id, the end with the report as its body."""
    notification = Notification("dead-man", "ping", f"{inbox.url}/uuid/", when=("always",))
    announce([notification], verb="backup", run="4711")()
    deliver([notification], news(), None)
    start, end = inbox.requests
    assert inbox.paths == ["/uuid/start", "/uuid/3"]
    ids = {parse_qs(urlsplit(request.path).query)["rid"][0] for request in inbox.requests}
    assert len(ids) == 1
    uuid.UUID(ids.pop())
    assert start.method == "POST"
    assert b"hint: say `pitr: enable`" in end.body


def test_a_ping_of_exports_that_still_run_is_only_a_note(inbox: Receiver) -> None:
    """Neither good nor bad: the check goes on waiting for the end, and alarms if it does not come."""
    notification = Notification("dead-man", "ping", f"{inbox.url}/uuid", when=("always",))
    started = Report("backup", "4711", "prod", START, END, (Outcome("backup a", "backup", "a", "started"),))
    deliver([notification], news(exit_code=75, conditions=frozenset(("always",))), None)
    deliver([notification], news(exit_code=0, report=started, conditions=frozenset(("always",))), None)
    assert inbox.paths == ["/uuid/log", "/uuid/log"]


def test_a_wait_that_found_nothing_proves_nothing_to_a_ping(inbox: Receiver) -> None:
    """No start, and no success that would hide a backup which never ran."""
    notification = Notification("dead-man", "ping", f"{inbox.url}/uuid", when=("always",))
    announce([notification], verb="wait", run="4711")()
    nothing = Report("wait", "4711", "prod", START, END, ())
    deliver([notification], news(verb="wait", exit_code=0, report=nothing), None)
    assert inbox.paths == ["/uuid/log"]


def test_slack_gets_a_text_with_its_control_characters_escaped(inbox: Receiver) -> None:
    """Headline and report."""
    deliver([Notification("ops", "slack", f"{inbox.url}/services/T0/B0/x")], news(), None)
    (request,) = inbox.requests
    text = json.loads(request.body)["text"]
    assert text.startswith("*ddbbackup backup prod: 1 ok, 1 failed (partial, stale)*\n```")
    assert "PITR of &lt;users&gt; is off" in text
    assert "users: last good backup never, age –, RPO 1m 0s" in text
    assert request.headers["Content-Type"] == "application/json"


def test_a_webhook_gets_a_document_that_keeps_its_schema(inbox: Receiver) -> None:
    """With the plan's headers."""
    notification = Notification("hook", "webhook", f"{inbox.url}/x", headers={"Authorization": "Bearer t"})
    failed = news(report=None, exit_code=77, error=AccessDenied("no credentials", hint="sign in"), tables=())
    deliver([notification], news(), None)
    deliver([notification], failed, None)
    validator = Draft202012Validator(json.loads(schema_text("notification")))
    for request in inbox.requests:
        validator.validate(json.loads(request.body))
        assert request.headers["Authorization"] == "Bearer t"
    first, second = (json.loads(request.body) for request in inbox.requests)
    assert first["conditions"] == ["partial", "stale"]
    assert first["report"]["exit_code"] == 3
    assert (second["report"], second["error"]["kind"]) == (None, "AccessDenied")


class _Topics:
    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []

    def publish(self, topic_arn: str, *, subject: str, message: str, attributes: Mapping[str, str]) -> None:
        if topic_arn.endswith("gone"):
            raise RemoteJobFailed("the topic does not exist", hint="correct `topic_arn`")
        self.published.append({"topic": topic_arn, "subject": subject, "message": message, **attributes})


def test_sns_gets_a_subject_that_it_takes() -> None:
    """Printable ASCII, at most 100 characters, attributes for filter policies."""
    topics = _Topics()
    long = news(plan="p" * 64, report=None, verb="bäckup" * 10)
    deliver([Notification("pager", "sns", "arn:aws:sns:eu-west-1:1:t")], long, topics)
    deliver([Notification("pager", "sns", "arn:aws:sns:eu-west-1:1:t", verbs=(long.verb,))], long, topics)
    (one,) = topics.published
    assert len(one["subject"]) == 100
    assert one["subject"].isascii()
    assert one["condition"] == "partial"


def test_what_is_not_due_is_not_sent(inbox: Receiver) -> None:
    """By condition and by verb."""
    address = f"{inbox.url}/x"
    notifications = [
        Notification("only-failed", "webhook", address, when=("failed",)),
        Notification("only-restores", "webhook", address, verbs=("restore",)),
    ]
    deliver(notifications, news(), None)
    assert inbox.requests == []


def test_an_empty_address_is_skipped_and_said(inbox: Receiver) -> None:
    """`${SLACK_WEBHOOK_URL:-}` where the variable is not set."""
    with capture_logs() as logs:
        deliver([Notification("ops", "slack", "")], news(), None)
    assert [(each["event"], each["notification"]) for each in logs] == [("notification.skipped", "ops")]


@pytest.mark.parametrize(
    ("status", "headers", "reason", "tries"),
    [
        (404, {}, "it answered 404", 1),
        (
            302,
            {"Location": "http://127.0.0.1:9/secret-elsewhere"},
            "it answered 302: redirects are not followed",
            1,
        ),
        (307, {"Location": "/same"}, "it answered 307: redirects are not followed", 1),
        (503, {}, "it answered 503", 3),
    ],
)
def test_what_is_refused_warns_without_the_address(
    inbox: Receiver, status: int, headers: dict[str, str], reason: str, tries: int
) -> None:
    """Tried again only where that may help; redirects lead nowhere, for a secret goes with them."""
    inbox.answer = lambda request: (status, headers)
    with capture_logs() as logs:
        deliver([Notification("ops", "slack", f"{inbox.url}/services/hunter2")], news(), None)
    (event,) = logs
    assert (event["event"], event["reason"], event["log_level"]) == ("notification.failed", reason, "warning")
    assert "hunter2" not in json.dumps(logs)
    assert len(inbox.requests) == tries


def test_nobody_there_and_a_missing_topic_warn_too(inbox: Receiver) -> None:
    """And the others are told all the same."""
    notifications = [
        Notification("nobody", "webhook", f"http://127.0.0.1:{free_port()}/x", timeout_seconds=1),
        Notification("gone", "sns", "arn:aws:sns:eu-west-1:1:gone"),
        Notification("here", "webhook", f"{inbox.url}/x"),
    ]
    with capture_logs() as logs:
        deliver(notifications, news(), _Topics())
    assert [(each["notification"], each["event"]) for each in logs] == [
        ("nobody", "notification.failed"),
        ("gone", "notification.failed"),
        ("here", "notification.sent"),
    ]
    assert logs[0]["reason"] == "it did not answer (ConnectionRefusedError)"


def test_a_receiver_that_does_not_answer_costs_its_time_out_and_no_more(inbox: Receiver) -> None:
    """Also when it keeps a run that was told to stop."""

    def stall(request: object) -> tuple[int, dict[str, str]]:
        time.sleep(3)
        return 200, {}

    inbox.answer = stall
    begun = time.monotonic()
    with capture_logs() as logs:
        deliver(
            [Notification("slow", "webhook", f"{inbox.url}/x", timeout_seconds=60)],
            news(),
            None,
            at_most_seconds=0.5,
        )
    assert time.monotonic() - begun < 2.5
    assert logs[0]["event"] == "notification.failed"
