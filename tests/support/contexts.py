"""Run contexts for tests, with virtual time and without AWS."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

from ddbbackup.bulk.verify_data import VerifiedData, VerifyJob, verify_data
from ddbbackup.plan.model import AwsSettings, Plan
from ddbbackup.ports import Cloud
from ddbbackup.steps.context import RunContext
from tests.support.memory import MemoryObjects
from tests.support.memory_table import MemoryAccess
from tests.support.virtual_time import SimulatedThreads, VirtualClock

EMPTY_PLAN = Plan("p", "p.yaml", AwsSettings(), {}, (), {})


def verify_in_memory(job: VerifyJob, *, source: Cloud) -> VerifiedData:
    """Reads the data files of a cloud that is no AWS, in threads of this process."""
    objects = cast("MemoryObjects", source.objects)
    access = MemoryAccess(objects, lambda operation, body: (500, b""))
    return verify_data(job, access=access, on_progress=lambda progress: None, stop=threading.Event())


def run_context(clock: VirtualClock, **members: Any) -> RunContext:
    """A context with ``members``. The use of any other service fails with an AttributeError of None."""
    nothing = cast("Any", None)
    defaults: dict[str, Any] = {
        "plan": EMPTY_PLAN,
        "run_id": "run-1",
        "started_at": clock.now(),
        "clock": clock,
        "threads": SimulatedThreads(),
        "source": nothing,
        "catalog": nothing,
        "write_items": nothing,
        "compare_items": nothing,
        "compare_point": nothing,
        "verify_data": verify_in_memory,
        "scan_items": nothing,
        "on_progress": lambda progress: None,
        "stop": threading.Event(),
    }
    state_dir = members.pop("state_dir", Path("/dev/null/state"))
    defaults["find_state_dir"] = lambda: state_dir
    return RunContext(**{**defaults, **members})
