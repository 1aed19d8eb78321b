"""What each channel sends, to a receiver on loopback or to a fake SNS."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from jsonschema import Draft202012Validator
from structlog.testing import capture_logs

from ddbbackup.errors import AccessDenied, RemoteJobFailed
from ddbbackup.http_client import HttpClient
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.notify import announce, deliver
from ddbbackup.plan.model import Notification
from ddbbackup.plan.schemas import schema_text
from tests.support.receiver import Receiver, receiver
from tests.support.run_summary import END, START, run_summary
from tests.support.servers import free_port


@pytest.fixture
def inbox() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def test_a_ping_sends_the_start_and_the_exit_status_of_a_run(inbox: Receiver) -> None:
    """Both with the same id; the body of the second is the report."""
    notification = Notification("dead-man", "ping", f"{inbox.url}/uuid/", when=("always",))
    announce([notification], verb="backup", run="4711")()
    deliver([notification], run_summary(), None)
    start, end = inbox.requests
    assert inbox.paths == ["/uuid/start", "/uuid/3"]
    ids = {parse_qs(urlsplit(request.path).query)["rid"][0] for request in inbox.requests}
    assert len(ids) == 1
    uuid.UUID(ids.pop())
    assert start.method == "POST"
    assert b"hint: set `pitr: enable`" in end.body


def test_a_ping_of_running_exports_is_only_a_log_entry(inbox: Receiver) -> None:
    """Neither success nor failure: the check keeps waiting for the end, and raises an alarm without it."""
    notification = Notification("dead-man", "ping", f"{inbox.url}/uuid", when=("always",))
    started = Report(
        "backup",
        "4711",
        "prod",
        "123456789012",
        "eu-west-1",
        START,
        END,
        (Outcome("backup a", "backup", "a", "started"),),
    )
    deliver([notification], run_summary(exit_code=75, conditions=frozenset(("always",))), None)
    deliver([notification], run_summary(exit_code=0, report=started, conditions=frozenset(("always",))), None)
    assert inbox.paths == ["/uuid/log", "/uuid/log"]


def test_a_wait_without_work_is_no_success_for_a_ping(inbox: Receiver) -> None:
    """A success would hide a backup that never ran."""
    notification = Notification("dead-man", "ping", f"{inbox.url}/uuid", when=("always",))
    announce([notification], verb="wait", run="4711")()
    nothing = Report("wait", "4711", "prod", "123456789012", "eu-west-1", START, END, ())
    deliver([notification], run_summary(verb="wait", exit_code=0, report=nothing), None)
    assert inbox.paths == ["/uuid/log"]


def test_slack_gets_the_report_with_escaped_control_characters(inbox: Receiver) -> None:
    """Headline and report."""
    deliver([Notification("ops", "slack", f"{inbox.url}/services/T0/B0/x")], run_summary(), None)
    (request,) = inbox.requests
    text = json.loads(request.body)["text"]
    assert text.startswith("*ddbbackup backup prod: 1 failed, 1 ok (partial, stale)*\n```")
    assert "PITR of &lt;users&gt; is off" in text
    assert "users: never backed up (RPO 1m)" in text
    assert request.headers["Content-Type"] == "application/json"


def test_a_webhook_gets_a_document_that_matches_its_schema(inbox: Receiver) -> None:
    """With the plan's headers."""
    notification = Notification("hook", "webhook", f"{inbox.url}/x", headers={"Authorization": "Bearer t"})
    failed = run_summary(
        report=None, exit_code=77, error=AccessDenied("no credentials", hint="sign in"), tables=()
    )
    deliver([notification], run_summary(), None)
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


def test_sns_gets_a_valid_subject() -> None:
    """Printable ASCII, less than 100 characters, attributes for filter policies."""
    topics = _Topics()
    long = run_summary(plan="p" * 64, report=None, verb="bäckup" * 10)
    deliver([Notification("pager", "sns", "arn:aws:sns:eu-west-1:1:t")], long, topics)
    deliver([Notification("pager", "sns", "arn:aws:sns:eu-west-1:1:t", verbs=(long.verb,))], long, topics)
    (one,) = topics.published
    assert len(one["subject"]) == 99  # AWS: less than 100
    assert one["subject"].isascii()
    assert one["condition"] == "partial"


def test_a_notification_that_is_not_due_is_not_sent(inbox: Receiver) -> None:
    """By condition and by verb."""
    address = f"{inbox.url}/x"
    notifications = [
        Notification("only-failed", "webhook", address, when=("failed",)),
        Notification("only-restores", "webhook", address, verbs=("restore",)),
    ]
    deliver(notifications, run_summary(), None)
    assert inbox.requests == []


def test_an_empty_address_is_skipped_with_a_warning(inbox: Receiver) -> None:
    """`${SLACK_WEBHOOK_URL:-}` where the variable is not set."""
    with capture_logs() as logs:
        deliver([Notification("ops", "slack", "")], run_summary(), None)
    assert [(each["event"], each["notification"]) for each in logs] == [("notification.skipped", "ops")]


class _Clock:
    """Sleeping takes no time, and is added up."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    @property
    def http(self) -> HttpClient:
        return HttpClient(monotonic=lambda: sum(self.slept), sleep=self.slept.append)


@pytest.mark.parametrize(
    ("status", "headers", "reason", "pauses"),
    [
        (404, {}, "the receiver answered 404", []),
        (
            302,
            {"Location": "http://127.0.0.1:9/secret-elsewhere"},
            "the receiver answered 302; redirects are not followed",
            [],
        ),
        (307, {"Location": "/same"}, "the receiver answered 307; redirects are not followed", []),
        (429, {}, "the receiver answered 429", [1, 2]),
        (503, {}, "the receiver answered 503", [1, 2]),
    ],
)
def test_a_rejected_notification_is_a_warning_without_the_address(
    inbox: Receiver, status: int, headers: dict[str, str], reason: str, pauses: list[float]
) -> None:
    """Only transient errors are retried; redirects are not followed, because the request contains a secret."""
    inbox.answer = lambda request: (status, headers)
    clock = _Clock()
    with capture_logs() as logs:
        notification = Notification("ops", "slack", f"{inbox.url}/services/hunter2")
        deliver([notification], run_summary(), None, http=clock.http)
    (event,) = logs
    assert (event["event"], event["reason"], event["log_level"]) == ("notification.failed", reason, "warning")
    assert "hunter2" not in json.dumps(logs)
    assert clock.slept == pauses
    assert len(inbox.requests) == len(pauses) + 1


def test_retries_end_with_the_time_limit(inbox: Receiver) -> None:
    """A pause that would end after the limit does not begin."""
    inbox.answer = lambda request: (503, {})
    clock = _Clock()
    notification = Notification("ops", "slack", f"{inbox.url}/x", timeout_seconds=2)
    deliver([notification], run_summary(), None, http=clock.http)
    assert clock.slept == [1]
    assert len(inbox.requests) == 2


def test_an_unreachable_receiver_and_a_missing_topic_are_warnings(inbox: Receiver) -> None:
    """Other notifications are delivered."""
    notifications = [
        Notification("nobody", "webhook", f"http://127.0.0.1:{free_port()}/x", timeout_seconds=1),
        Notification("gone", "sns", "arn:aws:sns:eu-west-1:1:gone"),
        Notification("here", "webhook", f"{inbox.url}/x"),
    ]
    with capture_logs() as logs:
        deliver(notifications, run_summary(), _Topics())
    assert [(each["notification"], each["event"]) for each in logs] == [
        ("nobody", "notification.failed"),
        ("gone", "notification.failed"),
        ("here", "notification.sent"),
    ]
    assert logs[0]["reason"] == "the receiver did not answer (ConnectionRefusedError)"


def test_a_receiver_that_does_not_answer_delays_the_run_only_until_the_time_limit(inbox: Receiver) -> None:
    """Also if the run was interrupted; the receiver is still waiting when ``deliver`` returns."""
    answered = threading.Event()

    def stall(request: object) -> tuple[int, dict[str, str]]:
        answered.wait(30)
        return 200, {}

    inbox.answer = stall
    notification = Notification("slow", "webhook", f"{inbox.url}/x", timeout_seconds=60)
    try:
        with capture_logs() as logs:
            deliver([notification], run_summary(), None, at_most_seconds=0.1)
        assert not answered.is_set()
    finally:
        answered.set()
    (event,) = logs
    assert event["event"] == "notification.failed"
    assert "answer" in event["reason"], "either the socket or the thread reaches the time limit first"
