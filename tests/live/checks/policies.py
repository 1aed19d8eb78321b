"""The policies of ``doctor --iam``: each verb runs under a role that has only them.

The first run under each role happens before the policies are attached and must end with exit code 77: it proves that
it is the role that runs the verb.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from ddbbackup.errors import AccessDenied
from tests.live import estimate
from tests.live.checks.backups import METHODS, backed_up, ran
from tests.live.checks.settings import EVERYTHING, check_applied, check_copy, everything, plan_of_copy
from tests.live.data import ITEMS, same
from tests.live.model import Check
from tests.live.program import Program
from tests.live.stage import Stage

Plan = Callable[..., str]


def under_role(stage: Stage, role: str, suffix: str, plan: Plan, first: Sequence[str]) -> Program:
    """A program whose plan assumes a role with the policies that ``doctor --iam`` prints for that plan.

    ``plan`` makes its text and takes members of the section `aws`; ``first`` is a verb that fails without policies.
    """
    printing = stage.program(f"{suffix}-policies")
    printing.plan(plan(aws={}))
    printed = json.loads(ran(printing, "doctor", "--iam", role, "--output", "json").out)
    policies = printed["roles"][role]["policies"]
    assert policies

    arn = stage.make_role(suffix)
    program = stage.program(suffix)
    program.plan(plan(aws={"assume_role": {"role_arn": arn}}))
    refused = program.run(*first)
    assert refused.code == AccessDenied.exit_code, (
        f"without policies: exit code {refused.code}, {refused.err[-500:]}"
    )
    stage.set_policies(suffix, *policies)
    return program


def for_backups(stage: Stage) -> None:
    def plan(**members: Any) -> str:
        return stage.plan(bucket=stage.vault(), tables=[stage.source()], name="by-role", **members)

    program = under_role(stage, "backup", "role-backup", plan, ["backup"])
    done = ran(program, "backup", "--output", "json")
    assert done.facts["items"] == len(ITEMS)


def for_verifying(stage: Stage) -> None:
    backed_up(stage)

    def plan(**members: Any) -> str:
        return stage.plan(bucket=stage.vault(), tables=[stage.source()], **members)

    ran(under_role(stage, "verify", "role-verify", plan, ["verify"]), "verify", "--output", "json")


def for_reading(stage: Stage) -> None:
    backed_up(stage)
    restore = {"table": stage.source(), "to": {"table": stage.name("never-restored"), "settings": "none"}}

    def plan(**members: Any) -> str:
        return stage.plan(
            bucket=stage.vault(), tables=[stage.source()], restores={"copy": restore}, **members
        )

    program = under_role(stage, "read", "role-read", plan, ["status"])
    for verb in ("status", "list", "preview", "doctor"):
        ran(program, verb)


def for_restores(stage: Stage, method: str) -> None:
    backed_up(stage)
    target = stage.name(f"role-by-{method}")
    if METHODS[method].get("to", {}).get("create") == "never":
        stage.make_table(f"role-by-{method}")
    restore = {
        "table": stage.source(),
        "method": method,
        **METHODS[method],
        "to": {"table": target, "settings": "none", **METHODS[method].get("to", {})},
    }

    def plan(**members: Any) -> str:
        return stage.plan(
            bucket=stage.vault(), tables=[stage.source()], restores={"back": restore}, **members
        )

    arguments = ["restore", "back", "--yes", "--output", "json"]
    program = under_role(stage, "restore", f"role-{method}", plan, arguments)
    ran(program, *arguments)
    same(stage.items(target), ITEMS)


def for_settings(stage: Stage) -> None:
    """What auto scaling, replicas, Kinesis and Contributor Insights need of the caller shows only on AWS."""
    table = everything(stage)
    copy = f"{table}-by-role"
    arguments = ["restore", "back", "--yes", "--output", "json"]

    def plan(**members: Any) -> str:
        return plan_of_copy(stage, table, copy, **members)

    program = under_role(stage, "restore", "role-settings", plan, arguments)
    check_applied(ran(program, *arguments).facts)
    check_copy(stage, table, copy)


CHECKS: Final = (
    Check(
        "policies/backup",
        "a backup under a role with the policies of `doctor --iam backup`",
        for_backups,
        (*estimate.table(pitr=True), *estimate.export()),
    ),
    Check(
        "policies/verify",
        "a verification under a role with the policies of `doctor --iam verify`",
        for_verifying,
        estimate.export(),
    ),
    Check(
        "policies/read",
        "verbs that only read under a role with the policies of `doctor --iam read`",
        for_reading,
        estimate.export(),
    ),
    *(
        Check(
            f"policies/restore/{method}",
            f"a restore by {method} under a role with the policies of `doctor --iam restore`",
            partial(for_restores, method=method),
            (*estimate.table(), *charges),
        )
        for method, charges in (
            ("write", ()),
            ("import", estimate.import_()),
            ("bulk-put", estimate.bulk_put()),
            ("point-in-time", estimate.point_in_time_restore()),
        )
    ),
    Check(
        "policies/restore/settings",
        "a restore of every setting under a role with the policies of `doctor --iam restore`",
        for_settings,
        EVERYTHING,
    ),
)
