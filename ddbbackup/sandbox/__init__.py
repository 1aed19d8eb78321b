"""An emulated AWS on this machine, for the demo and the tests: moto, with jobs that behave as those of AWS.

It is an emulation, so it proves nothing about AWS. Exports, imports and point-in-time restores behave as observed on
AWS, and use the error messages of AWS where they are known. Bulk puts follow botocore's model only.
README.md lists what each module emulates.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from ddbbackup.errors import UsageError
from ddbbackup.project_urls import extra_hint

if TYPE_CHECKING:
    from ddbbackup.sandbox.server import Sandbox

__all__ = ["require", "start"]


def require() -> None:
    """Raises ``UsageError`` unless the packages of the extra ``sandbox`` are installed."""
    missing = [name for name in ("moto", "flask", "flask_cors") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the sandbox needs packages that are not installed: {', '.join(missing)}",
            hint=extra_hint("sandbox"),
        )


def start(
    port: int = 0,
    *,
    export_seconds: tuple[float, float] = (2.0, 4.0),
    cooldown_seconds: float = 15.0,
) -> Sandbox:
    """Starts an empty sandbox on 127.0.0.1, and returns a context manager that stops it.

    Port 0 is any free port. ``export_seconds`` are the shortest and the longest duration of an export or another job.
    ``cooldown_seconds`` is the time between two changes of a resource policy or of deletion protection, on AWS 15.
    A process can run one sandbox. Raises ``UsageError`` if the extra is not installed or the port is in use.
    """
    require()
    from ddbbackup.sandbox.server import Sandbox  # noqa: PLC0415 - moto is heavy and optional

    return Sandbox(port, export_seconds, cooldown_seconds)
