"""The C sink as a context: a null DynamoDB and a static S3 on loopback."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCESS_KEY, SECRET_KEY, REGION = "benchkey", "benchsecret", "us-east-1"


@dataclass(frozen=True)
class Tools:
    """What ``make`` built: programs in C, peers, a certificate of 127.0.0.1 (``cert.pem``, ``key.pem``)."""

    build: Path

    @property
    def ca_file(self) -> Path:
        return self.build / "cert.pem"


@dataclass(frozen=True)
class Sink:
    """``ca_file`` is None where the sink speaks plain HTTP."""

    port: int
    pid: int
    ca_file: Path | None

    @property
    def url(self) -> str:
        return f"{'https' if self.ca_file else 'http'}://127.0.0.1:{self.port}"

    def stats(self) -> dict[str, Any]:
        """Counts since it was started or told to forget; see ``sink.c``."""
        return dict(json.loads(self._get("/stats")))

    def cpu_seconds(self) -> float:
        """What it has used since it was started."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def forget(self) -> None:
        self._get("/forget")

    def environment(self) -> dict[str, str]:
        """What clients of any kind need to reach it, and nothing of the user's own settings for AWS."""
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DDBBACKUP_"))
        }
        own |= {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL_DYNAMODB": self.url,  # dynamodump has no option for it that takes TLS
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
        }
        if self.ca_file is not None:
            own |= {"AWS_CA_BUNDLE": str(self.ca_file), "NODE_EXTRA_CA_CERTS": str(self.ca_file)}
        return own

    def _get(self, path: str) -> bytes:
        context = ssl.create_default_context(cafile=str(self.ca_file)) if self.ca_file else None
        handlers: list[Any] = [urllib.request.ProxyHandler({})]
        if context is not None:
            handlers.append(urllib.request.HTTPSHandler(context=context))
        with urllib.request.build_opener(*handlers).open(self.url + path, timeout=60) as answer:
            return bytes(answer.read())


@contextmanager
def running(
    tools: Tools, files: Path, *options: str, latency_ms: int = 0, tls: bool = False
) -> Iterator[Sink]:
    """``options`` are the sink's own, such as ``--check``."""
    command = [str(tools.build / "sink"), "--files", str(files), "--latency-ms", str(latency_ms), *options]
    if tls:
        command += ["--tls", str(tools.ca_file), str(tools.build / "key.pem")]
    environment = {"PATH": os.environ["PATH"], "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            yield Sink(port, process.pid, tools.ca_file if tls else None)
        finally:
            process.kill()
