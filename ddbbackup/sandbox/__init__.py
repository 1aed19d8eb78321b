"""AWS on this machine, for the demo and the tests: moto in-process, with jobs that keep AWS's contract.

An emulation, not a proof against AWS. What is emulated beyond moto (exports, imports, point-in-time restores) is
what AWS was observed to do; the words of its errors are AWS's where they are known. Bulk puts are emulated by
botocore's model alone: nobody has observed them. Items of an export or of a point-in-time restore are those at
its start: moto has no history.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from ddbbackup.errors import UsageError

if TYPE_CHECKING:
    from ddbbackup.sandbox.server import Sandbox

__all__ = ["require", "start"]


def require() -> None:
    """Raises ``UsageError`` unless what the extra ``sandbox`` brings is installed."""
    missing = [name for name in ("moto", "flask", "flask_cors") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the sandbox needs {', '.join(missing)}, which this installation lacks",
            hint="run `pip install 'ddbbackup[sandbox]'`",
        )


def start(port: int = 0, *, export_seconds: tuple[float, float] = (2.0, 4.0)) -> Sandbox:
    """Starts it on 127.0.0.1 (port 0: any free one), empty; a context manager that stops it.

    ``export_seconds``: between which times an export, or any other job, takes to COMPLETED. One sandbox a process.
    Raises ``UsageError`` if the extra is not installed or the port is taken.
    """
    require()
    from ddbbackup.sandbox.server import Sandbox  # noqa: PLC0415 - moto is heavy and optional

    return Sandbox(port, export_seconds)
