"""How many exports are running, as ``doctor`` counts them, in virtual time against the simulation of AWS."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ddbbackup.checks.quotas import check_exports
from ddbbackup.model.check import Check
from ddbbackup.ports import ExportRequest
from ddbbackup.steps.aws_caller import AwsCaller
from tests.support.contexts import run_context
from tests.support.simulated_aws import SimulatedAws
from tests.support.virtual_time import SimulatedThreads, VirtualClock, run_virtually


def arn(table: str) -> str:
    return f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table}"


def count(*, running: int, history: int, plan: int) -> tuple[Check, SimulatedAws]:
    """Of ``history`` tables with 90 days of exports, the first ones have an export in flight, or the plan."""
    clock = VirtualClock()
    names = [f"t{number:03}" for number in range(max(running, history, plan))]
    aws = SimulatedAws(clock, seed=1, history=[arn(name) for name in names[:history]])
    for name in names[:running]:
        while not aws.started_at.get(arn(name)):
            clock.advance(2.0)
            aws.start(ExportRequest(table_arn=arn(name), bucket="vault", client_token=name))
    cloud = SimpleNamespace(exports=aws, tables=SimpleNamespace(arn=arn))
    context = run_context(clock, threads=SimulatedThreads(call_seconds=0.05), source=cloud)
    call_aws = AwsCaller(context, context.source)
    return run_virtually(check_exports(call_aws, names[:plan]), clock), aws


@pytest.mark.parametrize(("running", "state"), [(0, "ok"), (7, "ok"), (90, "ok")])
def test_all_exports_of_the_account_are_counted_where_the_list_is_short(running: int, state: str) -> None:
    """At most a hundred in 90 days."""
    found, aws = count(running=running, history=0, plan=2)
    assert (found.state, found.message) == (state, f"{running} of 300 exports are running")
    assert aws.calls["ListExports"] <= 4


def test_with_a_history_the_exports_of_the_plan_are_counted_and_it_is_said() -> None:
    """The history of the last table in the alphabet comes first, whatever runs."""
    found, aws = count(running=3, history=20, plan=12)
    assert found.state == "ok"
    assert found.message.startswith("running exports of the 12 checked tables: 3, quota of the account: 300;")
    assert "exports of other tables were not counted" in found.message
    assert aws.throttled.total() == 0


def test_a_large_plan_with_a_history_is_not_counted_instead_of_counted_wrongly() -> None:
    """It would take a call per table."""
    found, aws = count(running=3, history=50, plan=50)
    assert found.state == "unknown"
    assert "were not counted" in found.message
    assert aws.calls["ListExports"] == 4


def test_near_the_quota_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backups wait then."""
    monkeypatch.setattr("ddbbackup.checks.quotas.EXPORTS_IN_FLIGHT", 10)
    found, _ = count(running=9, history=0, plan=1)
    assert found.state == "warning"
    assert "9 of 10 exports are running: at the quota, a backup waits" in found.message
