"""What is recorded: commands of the real program on the sandbox, as a terminal of 112 columns shows them."""

from __future__ import annotations

import fcntl
import os
import pty
import shlex
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3

COLUMNS: Final = 112
REGION: Final = "eu-west-1"
PROMPT: Final = "\x1b[1;32m$\x1b[0m "
PLAN: Final = """\
version: 1
name: prod
aws: {region: eu-west-1}
destinations:
  vault: {bucket: acme-ddb-vault}
defaults: {rpo: 24h}
tables:
  - name: orders
  - match: "billing-*"
"""
TABLES: Final = {"billing-invoices": 80, "billing-refunds": 12, "orders": 120}


@dataclass(frozen=True, slots=True)
class Scene:
    """``text``: a command, or, if ``action`` is set, a comment about what that does meanwhile."""

    text: str
    action: Callable[[Any], None] | None = None


def delete_orders(dynamodb: Any) -> None:
    for number in range(3):
        dynamodb.delete_item(TableName="orders", Key={"id": {"S": f"o-{number:04}"}})


STORY: Final = (
    Scene("ddbbackup backup"),
    Scene("ddbbackup status"),
    Scene("# a faulty job deletes three orders", delete_orders),
    Scene("ddbbackup diff --table orders"),
    Scene("ddbbackup restore --table orders --create never --existing keep --yes"),
)


def play(url: str, directory: Path) -> str:
    """Plays the story on the empty sandbox at ``url``, and returns what the terminal shows, with its colors."""
    session = boto3.Session("demo", "demo", region_name=REGION)
    dynamodb = session.client("dynamodb", endpoint_url=url)
    _create(session.client("s3", endpoint_url=url), dynamodb)
    (directory / "ddbbackup.yaml").write_text(PLAN, encoding="utf-8")
    shown = []
    for scene in STORY:
        if scene.action is None:
            shown.append(f"{PROMPT}{scene.text}\n{_run(scene.text, url, directory)}")
        else:
            scene.action(dynamodb)
            shown.append(f"\x1b[2m{scene.text}\x1b[0m\n")
    return "\n".join(shown)


def _create(s3: Any, dynamodb: Any) -> None:
    s3.create_bucket(Bucket="acme-ddb-vault", CreateBucketConfiguration={"LocationConstraint": REGION})
    for name, items in TABLES.items():
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        for number in range(items):
            dynamodb.put_item(TableName=name, Item={"id": {"S": f"o-{number:04}"}, "total": {"N": "9.99"}})


def _run(command: str, url: str, directory: Path) -> str:
    """The output of a command on a terminal. The log and the progress, on stderr, are not shown."""
    words = [sys.executable, "-m", *shlex.split(command)]
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    with subprocess.Popen(
        words,
        cwd=directory,
        env=_environment(url, directory),
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(terminal)
        output = b"".join(_read(main))
    os.close(main)
    if process.returncode:
        raise RuntimeError(f"`{command}` ended with {process.returncode}: {output.decode()}")
    return output.decode().replace("\r\n", "\n")


def _read(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # on Linux, after the last process has closed its side
            return
        if not data:
            return
        yield data


def _environment(url: str, directory: Path) -> Mapping[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "HOME": str(directory),
        "TERM": "xterm-256color",
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }
