"""An example of every document, for tests of renderers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ddbbackup.errors import AccessDenied, PlanInvalid
from ddbbackup.iam.resources import PlaceOfPlan
from ddbbackup.iam.trust import parse_trust, trust_policy
from ddbbackup.model.assessment import Assessment, Blocker
from ddbbackup.model.check import Check
from ddbbackup.model.outcome import Outcome
from ddbbackup.model.report import Report
from ddbbackup.model.table_status import NotRestorable, TableStatus, UnreadableDestination
from ddbbackup.model.verification_result import VerificationResult
from ddbbackup.ports import Identity
from ddbbackup.pricing.prices import packaged
from ddbbackup.problems import Problem
from ddbbackup.report.documents.demo import DemoCommand, DemoReport
from ddbbackup.report.documents.diff import DifferentKey, TableDifference
from ddbbackup.report.documents.doctor import doctor_report
from ddbbackup.report.documents.failure import error_info, failure
from ddbbackup.report.documents.init import NewPlan
from ddbbackup.report.documents.list import BackupList, BackupRow, BackupSummary, UnreadableVault
from ddbbackup.report.documents.notification import RunNotification
from ddbbackup.report.documents.policies import PlanPolicies, Role
from ddbbackup.report.documents.preview import SelectedTables, preview
from ddbbackup.report.documents.restorable import PlannedRestore, Restorable, RestorableTable
from ddbbackup.report.documents.run_report import run_report
from ddbbackup.report.documents.show import EffectivePlan, EffectiveValue
from ddbbackup.report.documents.status import plan_status, status_report, table_row
from ddbbackup.report.documents.validate import ValidatedPlan, Validation
from ddbbackup.status.gone_tables import GoneTable
from ddbbackup.status.unselected_tables import UnselectedTable
from tests.support.histories import simulated_overview

if TYPE_CHECKING:
    from ddbbackup.report.documents import Document

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
ERROR = AccessDenied("no AWS credentials found", hint="sign in")
IDENTITY = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/ci/x", "aws", "eu-west-1")

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Bucket", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::v"}
    ],
}
TRUST = trust_policy(
    [parse_trust("github:acme/infra")], "read", PlaceOfPlan("aws", "eu-west-1", "123456789012")
)
ASSESSMENT: Assessment[None] = Assessment(
    "restore copy",
    "restore",
    "orders",
    "put every item into orders from its backup",
    None,
    items=1,
    size_bytes=2,
    seconds=3.0,
    seconds_basis="as long as the last export took",
    cost=packaged().cost("write_unit", 1),
    blockers=(Blocker(ERROR),),
    notes=("orders has a stream",),
    facts={"backup": "20261124T090000Z-764bde9d", "because": "the target exists"},
)
SETTING = {"setting": "ttl", "status": "refused", "reason": "denied", "requested": True, "missing": True}
REPORT = run_report(
    Report(
        "backup",
        "4711",
        "prod",
        "123456789012",
        "eu-west-1",
        NOW,
        NOW,
        (
            Outcome("backup orders", "backup", "orders", "done", {"backup": "b", "notes": ["a", "b"]}),
            Outcome("restore copy", "restore", "bills", "failed", {"settings": [SETTING]}, ERROR),
            Outcome("verify bills", "verify", "bills", "skipped", {"because": "restore copy"}),
        ),
    )
)

EXAMPLES: Mapping[str, Document] = {
    "init": NewPlan("ddbbackup.yaml"),
    "problems": Validation(
        (ValidatedPlan(("prod.yaml",), True, 1, 0), ValidatedPlan(("test.yaml",), valid=False)),
        (Problem("test.yaml", 3, 5, "tables[0].rpo", "bad-value", "'x' is not a duration", "write `24h`"),),
    ),
    "show": EffectivePlan(
        ("ddbbackup.yaml",),
        (EffectiveValue("name", ("name",), "prod", None, "ddbbackup.yaml", 2, 7, by_default=False),),
    ),
    "preview": preview(
        plan="prod",
        run="4711",
        now=NOW,
        identity=IDENTITY,
        prices=packaged(),
        selection=(SelectedTables("match: bills-*", 0, ("bills-a", "bills-b")),),
        unselected_tables=(UnselectedTable("logs", "20261124T090000Z-0badcafe", NOW, True, False),),
        destinations={
            "vault": (Check("destination vault", "versioning", "warning", "it is off", "enable it"),)
        },
        backups=(ASSESSMENT,),
        restores=(ASSESSMENT,),
        notes=("could not check the quota",),
    ),
    "report": REPORT,
    "overview": simulated_overview(6, unreadable=True),
    "status": status_report(
        [
            plan_status(
                "prod",
                ["prod.yaml"],
                IDENTITY,
                [
                    TableStatus("orders", "never", rpo_seconds=60, running=("20261125T030000Z-0badcafe",)),
                    TableStatus(
                        "bills",
                        "stale",
                        "20261124T090000Z-0badcafe",
                        "full",
                        NOW,
                        90,
                        60,
                        1,
                        last_failure="FAILED",
                    ),
                    TableStatus(
                        "logs",
                        "never",
                        not_restorable=(NotRestorable("20261124T090000Z-0badcafe", "it is failed"),),
                    ),
                ],
                [UnreadableDestination("vault", "acme-ddb-vault", ("users", "carts"), ERROR)],
                [ERROR],
                exit_code=77,
                gone=[GoneTable("dropped", "20261124T090000Z-0badcafe")],
            )
        ],
        now=NOW,
        exit_code=77,
    ),
    "list": BackupList(
        "prod",
        (
            BackupRow(
                table="orders",
                account="123456789012",
                region="eu-west-1",
                backup="20261125T030000Z-0badcafe",
                state="complete",
                kind="full",
                run="4711",
                started_at=NOW,
                export_time=NOW,
                export_arn=None,
                items=1,
                size_bytes=2,
                bucket="acme-ddb-vault",
                prefix="ddb/orders/",
                verified=VerificationResult("items", NOW, "ok"),
                failure=None,
                not_restorable="it needs the backup 20261124T030000Z-0badcafe, but it does not exist",
            ),
        ),
        (UnreadableVault("vault", "acme-ddb-vault", error_info(ERROR)),),
        BackupSummary(1, 1, 1, {"not_restorable": 1}),
    ),
    "diff": TableDifference(
        plan="prod",
        account="123456789012",
        region="eu-west-1",
        table="orders",
        source_table="orders",
        backup="20261125T030000Z-0badcafe",
        origin=None,
        scanned_from=NOW,
        scanned_to=NOW,
        backup_items=4,
        table_items=4,
        equal=2,
        missing=1,
        changed=1,
        extra=1,
        keys=(DifferentKey("missing", {"id": {"S": "c-1017"}}),),
    ),
    "doctor": doctor_report(
        "prod", [Check("clock", "skew", "problem", "5 minutes off", "set it", ERROR)], now=NOW
    ),
    "restorable": Restorable(
        "prod",
        "123456789012",
        "eu-west-1",
        (PlannedRestore("back", "billing-*", "latest", "{table}-2", "eu-central-1", None, "fail"),),
        (
            RestorableTable("orders", "20261123T140000Z-0123abcd", NOW, "full", 3, 2048, ()),
            RestorableTable(
                "users", None, None, None, None, None, ("the newer backup x cannot be restored",)
            ),
        ),
    ),
    "demo": DemoReport((DemoCommand("list", 0, None),), items=50, equal=True),
    "policies": PlanPolicies(
        "prod",
        "123456789012",
        "eu-west-1",
        {"backup": Role("ddbbackup-prod-backup", (POLICY, POLICY), (140, 140), TRUST)},
        {"arn:aws:iam::210987654321:role/restorer": (POLICY,)},
        {"acme-vault": POLICY},
        ("a note",),
    ),
    "notification": RunNotification(
        plan="prod",
        verb="backup",
        run="4711",
        account="123456789012",
        region="eu-west-1",
        started_at=NOW,
        ended_at=NOW,
        exit_code=3,
        conditions=("partial", "stale"),
        headline="ddbbackup backup prod: 1 failed, 1 ok",
        report=REPORT,
        error=error_info(ERROR),
        tables=(table_row(TableStatus("orders", "never", rpo_seconds=60)),),
    ),
    "error": failure(
        PlanInvalid(
            "the plan prod.yaml has 1 problem",
            hint="fix it",
            problems=[Problem("prod.yaml", 1, 1, "", "not-utf-8", "it is not UTF-8", "save it as UTF-8")],
        )
    ),
}
"""By the name of the schema."""
