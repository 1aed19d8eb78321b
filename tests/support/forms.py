"""Every form of a simulated night of 1, 50 and 200 tables, as people see it.

``tests/unit/report/forms`` holds the texts (``test_forms.py``) and the pictures (``test_pictures.py``) of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from ddbbackup.cli.destruction_facts import facts
from ddbbackup.http_client import HttpClient
from ddbbackup.notify import ping, sns
from ddbbackup.notify.body import body
from ddbbackup.notify.channel import Transport
from ddbbackup.plan.model import Notification
from ddbbackup.report.renderers import Form, render
from ddbbackup.report.renderers.view import View
from ddbbackup.report.renderers.wrapping import wrapped
from tests.support.simulated_night import Night, simulated_night

FOLDER: Final = Path(__file__).parents[1] / "unit" / "report" / "forms"
TABLES: Final = (1, 50, 200)
WIDTHS: Final = (80, 140)
LINES: Final = 50
"""Of the screen."""
TERMINAL: Final[Mapping[str, str]] = {
    "before": "ddbbackup preview backup",
    "against": "ddbbackup preview backup --against origin/main",
    "checks": "ddbbackup doctor",
    "report": "ddbbackup backup",
    "status": "ddbbackup status",
    "status_problems": "ddbbackup status --problems",
    "backups": "ddbbackup list",
    "backups_problems": "ddbbackup list --problems",
    "verification": "ddbbackup verify",
    "restore": "ddbbackup preview restore rollback",
    "restored": "ddbbackup restore rollback",
    "prune": "ddbbackup prune",
    "pruned": "ddbbackup prune --apply",
    "idle_prune": "ddbbackup prune",
}
"""The documents of a night that a terminal shows, and the commands that print them."""
FILES: Final[tuple[tuple[str, Form, str], ...]] = (
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
"""Documents that go to files, the form, and the end of the name of the text."""
MESSAGES: Final = ("slack", "sns", "sns-restored", "ping")
_TOPIC: Final = Notification("ops", "sns", "arn:aws:sns:eu-west-1:123456789012:ops")
_PING: Final = Notification("dead-man", "ping", "https://hc-ping.com/secret")


@cache
def night(tables: int) -> Night:
    """Without its log."""
    with TemporaryDirectory() as folder:
        try:
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
            return simulated_night(tables, Path(folder))
        finally:
            structlog.reset_defaults()


def document(name: str, tables: int) -> Any:
    return getattr(night(tables), name)


def on_terminal(name: str, tables: int, width: int, *, colour: bool = False) -> str:
    return render(document(name, tables), "text", View(width=width, lines=LINES, colour=colour))


def before_the_question(tables: int, width: int) -> str:
    """What stands above the question whether tables may be overwritten."""
    found, view = night(tables), View(width=width, lines=LINES)
    lines = facts(found.question, found.restored.started_at, view)
    return wrapped("".join(f"{line}\n" for line in lines), view)


def message(name: str, tables: int) -> str:
    """What one of ``MESSAGES`` brings to people: the text, below what comes with it."""
    if name == "slack":
        return body(night(tables).notification, 2700, size=len)
    return _mail(name, tables) if name.startswith("sns") else _pinged(tables)


def _mail(name: str, tables: int) -> str:
    """Subject, attributes and message of a topic of SNS."""
    sent: list[dict[str, Any]] = []
    topics: Any = SimpleNamespace(publish=lambda address, **message: sent.append(message))
    notification = document("notification" if name == "sns" else "restore_notification", tables)
    sns.deliver(_TOPIC, notification, Transport(HttpClient(), topics), seconds=1.0)
    [mail] = sent
    attributes = ", ".join(f"{key}={value}" for key, value in mail["attributes"].items())
    return f"Subject: {mail['subject']}\nAttributes: {attributes}\n\n{mail['message']}"


def _pinged(tables: int) -> str:
    """Path and body."""
    sent: list[str] = []

    def send(method: str, url: str, body: bytes, headers: Any, *, seconds: float) -> None:
        sent.append(f"{method} {urlsplit(url).path}\n\n{body.decode()}")

    http: Any = SimpleNamespace(send=send)
    ping.deliver(_PING, night(tables).notification, Transport(http, None), seconds=1.0)
    return sent[0]
