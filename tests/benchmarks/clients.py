"""Who is measured: ddbbackup, its peers, and the limit; each as the commands that restore an export."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.benchmarks.data import BUCKET, Export, dump
from tests.benchmarks.sink import REGION, Sink, Tools

PEERS = Path(__file__).parent / "peers"
Share = Literal["small", "medium", "large"]
Commands = Callable[[Tools, Sink, Export, Path, int], list[list[str]]]


@dataclass(frozen=True)
class Client:
    """``share`` is how much data it gets, so that a run takes seconds; ``commands`` restore it in parallel.

    ``commands`` gets the tools, the sink, the export, a fresh folder to work in and the number of processes.
    """

    name: str
    label: str
    share: Share
    commands: Commands


def write_plan(
    directory: Path, sink_url: str, s3_url: str, uri: str, *, table: str, existing: str, workers: int
) -> Path:
    """A plan whose restore ``back`` puts the export at ``uri`` into ``table``."""
    plan = {
        "version": 1,
        "name": "bench",
        "aws": {"region": REGION, "endpoint_urls": {"dynamodb": sink_url, "s3": s3_url}},
        "destinations": {"vault": {"bucket": BUCKET}},
        "tables": [{"name": table, "destination": "vault"}],
        "restores": {
            "back": {
                "table": table,
                "from": {"s3_uri": uri},
                "to": {"table": table, "create": "never"},
                "method": "write",
                "existing": existing,
                "limits": {"workers": workers},
            }
        },
    }
    path = directory / "ddbbackup.yaml"
    path.write_text(json.dumps(plan))
    return path


def restore_command(plan: Path) -> list[str]:
    program = str(Path(sys.executable).with_name("ddbbackup"))
    return [program, "restore", "back", "--yes", "-f", str(plan), "--log-format", "json"]


def _ddbbackup(existing: str) -> Commands:
    def commands(
        tools: Tools, sink: Sink, export: Export, directory: Path, processes: int
    ) -> list[list[str]]:
        plan = write_plan(
            directory, sink.url, sink.url, export.uri, table="bench", existing=existing, workers=processes
        )
        return [restore_command(plan)]

    return commands


def inflater(tools: Tools) -> str:
    """Which library the limit was built with: ``isal`` or ``zlib``."""
    command = [str(tools.build / "limit"), "--inflater"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _limit(tools: Tools, sink: Sink, export: Export, directory: Path, processes: int) -> list[list[str]]:
    ca = str(sink.ca_file) if sink.ca_file else "-"
    head = [str(tools.build / "limit"), str(sink.port), REGION, ca, "256"]
    return [[*head, *(f"/{BUCKET}/{key}" for key in keys)] for keys in _dealt(export.keys, processes)]


def _node(script: str) -> Commands:
    def commands(
        tools: Tools, sink: Sink, export: Export, directory: Path, processes: int
    ) -> list[list[str]]:
        # Node looks for packages beside the script.
        here = Path(shutil.copy(PEERS / script, tools.build / "peers" / "node" / script))
        head = [shutil.which("node") or "node", "--max-old-space-size=8192", str(here), sink.url, BUCKET]
        return [[*head, *keys] for keys in _dealt(export.keys, processes)]

    return commands


def _batch_writer(
    tools: Tools, sink: Sink, export: Export, directory: Path, processes: int
) -> list[list[str]]:
    head = [sys.executable, str(PEERS / "batch_writer.py"), sink.url, BUCKET]
    return [[*head, *keys] for keys in _dealt(export.keys, processes)]


def _dynamodump(tools: Tools, sink: Sink, export: Export, directory: Path, processes: int) -> list[list[str]]:
    """It reads files of its own, made beforehand and not measured: it has no S3 and no gzip to do."""
    program = str(tools.build / "peers" / "dynamodump" / "bin" / "dynamodump")
    head = [
        program,
        "-m",
        "restore",
        "-r",
        REGION,
        "-s",
        "bench",
        "--dataOnly",
        "--skipThroughputUpdate",
        "--noConfirm",
    ]
    commands = []
    for number in range(processes):
        files = Export(
            export.root, export.name, export.files[number::processes], export.keys[number::processes]
        )
        dump(files, directory / f"dump-{number}")
        commands.append([*head, "--dumpPath", str(directory / f"dump-{number}")])
    return commands


def _dealt(keys: Sequence[str], processes: int) -> list[Sequence[str]]:
    return [keys[number::processes] for number in range(processes)]


ORIGIN = Client("origin", "the origin's way (Node, aws-sdk v2, putItem each)", "small", _node("origin.js"))
DYNAMODUMP = Client("dynamodump", "dynamodump (PyPI)", "small", _dynamodump)
BATCH_WRITER = Client("batch_writer", "boto3 `batch_writer`", "small", _batch_writer)
BATCHES = Client("batches", "Node, aws-sdk v3, batches, 50 in flight", "medium", _node("batches.js"))
DDBBACKUP = Client("ddbbackup", "**ddbbackup**", "large", _ddbbackup("overwrite"))
KEEP = Client("keep", "**ddbbackup**, `existing: keep`", "medium", _ddbbackup("keep"))
LIMIT = Client("limit", "the limit (C, epoll)", "large", _limit)
EVERYBODY = (ORIGIN, DYNAMODUMP, BATCH_WRITER, BATCHES, KEEP, DDBBACKUP, LIMIT)
