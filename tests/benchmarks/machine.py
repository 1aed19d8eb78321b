"""What the benchmark ran on, in one paragraph: the class of machine and versions, nothing that names it."""

from __future__ import annotations

import os
import platform
import shutil
import ssl
import subprocess
from importlib.metadata import version
from pathlib import Path

import ddbbackup


def describe() -> str:
    """Cores, processor, memory, kernel, and the versions of what takes part."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    node = subprocess.run(
        [shutil.which("node") or "node", "--version"], capture_output=True, text=True, check=True
    )
    openssl = ssl.OPENSSL_VERSION.rsplit(" ", 3)[0]
    return (
        f"Machine: {os.cpu_count()} cores ({_processor()}), {memory_gb:.0f} GB, "
        f"Linux {platform.release().split('-')[0]}, load average {os.getloadavg()[0]:.1f} before the run. "
        f"ddbbackup {ddbbackup.__version__}, Python {platform.python_version()}, {openssl}, "
        f"botocore {version('botocore')}, Node {node.stdout.strip()}."
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
