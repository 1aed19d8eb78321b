"""Every form of a night of 1, 50 and 200 tables, as people see it: ``DDBBACKUP_UPDATE=1`` writes the files anew.

Look at each file that changes: it is what somebody reads at 3 a.m.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from ddbbackup.cli.destruction_facts import facts
from ddbbackup.http_client import HttpClient
from ddbbackup.notify import ping, sns
from ddbbackup.notify.body import body
from ddbbackup.notify.channel import Transport
from ddbbackup.plan.model import Notification
from ddbbackup.report.renderers import Form, render
from ddbbackup.report.renderers.view import View
from tests.support.pictures import night

FOLDER = Path(__file__).parent / "forms"
TABLES = (1, 50, 200)
WIDTHS = (80, 140)
LINES = 50
FORMS: tuple[tuple[str, Form, str], ...] = (
    ("report", "markdown", "md"),
    ("report", "junit", "xml"),
    ("report", "github", "txt"),
    ("status", "markdown", "md"),
    ("before", "markdown", "md"),
    ("verification", "markdown", "md"),
    ("verification", "junit", "xml"),
    ("against", "markdown", "md"),
    ("restore", "markdown", "md"),
    ("restored", "markdown", "md"),
    ("restored", "junit", "xml"),
    ("restored", "github", "txt"),
    ("prune", "markdown", "md"),
    ("pruned", "markdown", "md"),
    ("pruned", "junit", "xml"),
)
TERMINAL = (
    *("before", "against", "checks", "report", "status", "status_problems", "backups", "backups_problems"),
    *("verification", "restore", "restored", "prune", "pruned", "idle_prune"),
)
TOPIC = Notification("ops", "sns", "arn:aws:sns:eu-west-1:123456789012:ops")
PING = Notification("dead-man", "ping", "https://hc-ping.com/secret")


def document(tables: int, name: str) -> Any:
    return getattr(night(tables), name)


def compare(name: str, text: str) -> None:
    path = FOLDER / name
    if os.environ.get("DDBBACKUP_UPDATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), (
        f"look at the change, then run with DDBBACKUP_UPDATE=1: {name}"
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize("name", TERMINAL)
def test_on_a_terminal(name: str, tables: int, width: int) -> None:
    """A screenful at most, within its width."""
    text = render(document(tables, name), "text", View(width=width, lines=LINES))
    sentences = ("  ", "BLOCKED ", "note: ", "`match: ", "Estimated ")  # they wrap
    lines = [line for line in text.splitlines() if not line.startswith(sentences)]
    assert len(text.splitlines()) <= LINES + 2
    if width == 140:
        assert max(map(len, lines)) <= width
    compare(f"{name}-{tables}-{width}.txt", text)


@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize(("name", "form", "suffix"), FORMS)
def test_in_files(name: str, form: Form, suffix: str, tables: int) -> None:
    """Everything, failures first."""
    label = {"report": "annotations", "restored": "restored-annotations"}[name] if form == "github" else name
    compare(f"{label}-{tables}.{suffix}", render(document(tables, name), form))


@pytest.mark.parametrize("tables", TABLES)
def test_in_a_message(tables: int) -> None:
    """What Slack gets."""
    compare(f"slack-{tables}.txt", body(night(tables).notification, 2700, size=len))


@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize("name", ["notification", "restore_notification"])
def test_in_a_mail(name: str, tables: int) -> None:
    """What a topic of SNS gets: subject, message and attributes."""
    sent: list[dict[str, Any]] = []
    topics: Any = SimpleNamespace(publish=lambda address, **message: sent.append(message))
    sns.deliver(TOPIC, document(tables, name), Transport(HttpClient(), topics), seconds=1.0)
    [message] = sent
    attributes = ", ".join(f"{key}={value}" for key, value in message["attributes"].items())
    text = f"Subject: {message['subject']}\nAttributes: {attributes}\n\n{message['message']}"
    compare(f"sns-{'restored-' if name != 'notification' else ''}{tables}.txt", text)


@pytest.mark.parametrize("tables", TABLES)
def test_in_a_ping(tables: int) -> None:
    """Path and body."""
    sent: list[str] = []

    def send(method: str, url: str, body: bytes, headers: Any, *, seconds: float) -> None:
        sent.append(f"{method} {urlsplit(url).path}\n\n{body.decode()}")

    http: Any = SimpleNamespace(send=send)
    ping.deliver(PING, night(tables).notification, Transport(http, None), seconds=1.0)
    compare(f"ping-{tables}.txt", sent[0])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("tables", TABLES)
def test_before_anything_is_overwritten(tables: int, width: int) -> None:
    """What is shown above the question."""
    found = night(tables)
    view = View(width=width, lines=LINES)
    lines = list(facts(found.question, found.restored.started_at, view))
    compare(f"question-{tables}-{width}.txt", "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize("tables", TABLES)
def test_while_it_runs(tables: int) -> None:
    """While exports are queued: 45 seconds after the start, 200 seconds with 200 tables."""
    lines = night(tables).progress
    assert len(lines) <= 6
    compare(f"progress-{tables}.txt", "".join(f"{line}\n" for line in lines))


def test_the_pace_is_said_before_it_is_felt() -> None:
    """In the preview of many tables only."""
    assert [each for each in night(200).before.notes if "AWS accepts 40 starts a minute" in each]
    assert not [each for each in night(1).before.notes if "starts" in each]


def test_colours_only_colour() -> None:
    """The words are the same."""
    for name in ("report", "status", "backups"):
        coloured = render(document(50, name), "text", View(width=80, lines=LINES, colour=True))
        plain = render(document(50, name), "text", View(width=80, lines=LINES))
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
