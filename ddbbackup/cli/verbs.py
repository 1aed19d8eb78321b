"""The verbs of the command line: one row holds everything that the program knows about a verb.

A new verb is a module in ``cli/commands`` and a row here. The parser, the help, the shell completion, the
reference, the IAM policies and the notifications of the plan all read this table.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from ddbbackup.cli import options
from ddbbackup.cli.item_selection import item_selection
from ddbbackup.cli.restore_options import restore_element
from ddbbackup.model.export_pace import PACE

if TYPE_CHECKING:
    from ddbbackup.cli.options import AddOption
    from ddbbackup.report.renderers import Form
    from ddbbackup.steps.permissions import RoleName


@runtime_checkable
class VerbModule(Protocol):
    """A module of ``cli/commands``."""

    def run(self, options: Namespace) -> int:
        """Does the work of the verb and returns the exit code. Raises ``DdbBackupError``."""


@dataclass(frozen=True, slots=True)
class Example:
    """``command`` is what follows ``ddbbackup`` on the command line."""

    command: str
    does: str


@dataclass(frozen=True, slots=True)
class Interruption:
    """What Ctrl-C or SIGTERM leaves behind, and what to do next."""

    message: str
    hint: str


NOTHING_CHANGED: Final = Interruption("nothing was changed", "run the same command again")


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb.

    ``help`` is one line without a period for the list of verbs, ``description`` the text of ``--help``.
    ``arguments`` are the positional arguments in the usage line. ``docs`` are pages, as paths below ``docs``.
    ``forms`` are those of ``--output``; ``schema`` describes its JSON form; ``other_forms`` are those of a document
    that an option prints instead. ``role`` names the permissions that the verb needs, None if it does not call AWS.
    ``notifies``: the plan's notifications can be sent for it. ``writes_metrics``: it updates the plan's metrics.
    """

    name: str
    help: str
    description: str
    options: tuple[AddOption, ...]
    examples: tuple[Example, ...]
    exit_codes: tuple[int, ...]
    docs: tuple[str, ...]
    module: str = ""
    arguments: str = ""
    forms: tuple[Form, ...] = ()
    other_forms: tuple[Form, ...] = ()
    schema: str | None = None
    role: RoleName | None = None
    notifies: bool = False
    writes_metrics: bool = False
    on_interrupt: Interruption = NOTHING_CHANGED

    def load(self) -> VerbModule:
        """Imports the module of the verb: each run needs only one, and some import boto3."""
        module = import_module(f"ddbbackup.cli.commands.{self.module or self.name}")
        if not isinstance(module, VerbModule):
            raise TypeError(f"{module.__name__} has no function `run`")
        return module


_RUN_FORMS: Final[tuple[Form, ...]] = ("text", "json", "github", "junit", "markdown")
_OFFLINE_CODES: Final = (0, 1, 64, 70, 130, 143)
_PLAN_CODES: Final = (0, 1, 64, 70, 78, 130, 143)
_READ_CODES: Final = (0, 1, 64, 65, 69, 70, 77, 78, 130, 143)
_RESTORE_CODES: Final = (0, 1, 3, 5, 64, 65, 69, 70, 75, 77, 78, 130, 143)

_EXPORTS_CONTINUE: Final = Interruption(
    "exports that were started continue in AWS", "run `ddbbackup wait` to complete and record them"
)

_ROWS: Final = (
    Verb(
        name="init",
        help="write a plan to begin with, or one of the tables that exist",
        description="Writes a commented plan: an example, or with --from-account the tables that exist, read from "
        "AWS with the credentials of the environment. Never overwrites a file.",
        options=(options.new_plan_file, options.tables_of_account, options.log_format),
        forms=("text", "json"),
        schema="init",
        on_interrupt=Interruption("the plan may not have been written", "run the same command again"),
        examples=(
            Example("init", "write ./ddbbackup.yaml"),
            Example("init -f plans/prod.yaml", "write another file"),
            Example("init --from-account --bucket acme-ddb-vault", "write a plan of all tables that exist"),
            Example("init --from-account --tag env=prod", "write a plan of the tables with this tag"),
        ),
        exit_codes=(0, 1, 5, 64, 69, 70, 77, 130, 143),
        docs=("how-to/first-backup.md", "plan.md"),
    ),
    Verb(
        name="validate",
        help="check the plan and show every problem",
        description="Checks the plan and shows every problem with its file, line and column. Does not call AWS.",
        arguments="[PLAN]...",
        options=(options.plan_files, options.separate_plans, options.detail),
        forms=("text", "json", "github", "gitlab", "junit", "markdown"),
        schema="problems",
        examples=(
            Example("validate", "check ./ddbbackup.yaml"),
            Example("validate -f base.yaml -f prod.yaml", "check base.yaml with the overlay prod.yaml"),
            Example("validate plans/*.yaml", "check each plan separately"),
            Example("validate --output github", "annotate the lines of a pull request"),
        ),
        exit_codes=_PLAN_CODES,
        docs=("plan.md",),
    ),
    Verb(
        name="show",
        help="print the effective plan with the source of each value",
        description="Prints the effective plan: overlays and defaults are applied, and each value has its file and "
        "line. Values of environment variables are not printed. Does not call AWS.",
        options=(options.plan_files,),
        forms=("text", "json"),
        schema="show",
        examples=(
            Example("show", "print the plan of ./ddbbackup.yaml"),
            Example("show -f base.yaml -f prod.yaml", "see which file each value comes from"),
        ),
        exit_codes=_PLAN_CODES,
        docs=("plan.md",),
    ),
    Verb(
        name="explain",
        help="say what a key of the plan means",
        description="Prints what the value of a key may be, its default, examples, its description, and the keys "
        "within it. Names and list indexes in the path may be left out. Reads no plan.",
        arguments="[KEY]",
        options=(options.plan_key,),
        examples=(
            Example("explain", "see the keys of a plan"),
            Example("explain restores.to.settings", "see what `settings` of a restore may be"),
        ),
        exit_codes=_OFFLINE_CODES,
        docs=("plan.md",),
    ),
    Verb(
        name="schema",
        help="print or write a JSON Schema",
        description="Prints or writes the JSON Schema of the plan, or of a document that ddbbackup writes. Editors "
        "use the schema of the plan to complete and check it.",
        arguments="[NAME]",
        options=(options.schema_name, options.schema_file),
        examples=(
            Example(
                "schema --output ddbbackup.schema.json", "write the schema that a plan from `init` refers to"
            ),
            Example("schema report", "print the schema of `backup --output json`"),
        ),
        exit_codes=_OFFLINE_CODES,
        docs=("plan.md", "command-line.md"),
    ),
    Verb(
        name="preview",
        help="show what a run would do, with blockers, time and cost",
        description="Shows what a run would do: the tables and restores, what blocks them, the estimated time and "
        "cost. Only reads from AWS. Exits with the code that the run would end with.",
        arguments="[backup|prune [TABLE]... | restore NAME]",
        options=(
            options.preview_scope,
            options.plan_files,
            options.log_format,
            options.detail,
            options.only,
            options.run_id("run ID of the planned run, to see what it would resume"),
            options.restore_source,
            restore_element,
            item_selection,
            options.against,
            options.detailed_exit_code,
            options.prices,
        ),
        forms=("text", "json", "markdown"),
        schema="preview",
        role="read",
        examples=(
            Example("preview", "preview the backups and restores of the plan"),
            Example("preview backup 'orders*'", "preview the backups of some tables"),
            Example("preview restore orders-copy", "preview one restore"),
            Example("preview restore --table orders --to orders-2", "preview one that is not in the plan"),
            Example("preview prune", "preview what retention removes"),
            Example("preview --against origin/main", "show what the plan changes for each table"),
            Example("preview --output markdown", "write a comment for a pull request"),
        ),
        exit_codes=(0, 1, 2, 3, 5, 64, 65, 69, 70, 75, 77, 78, 130, 143),
        docs=("preview.md", "pacing-and-cost.md"),
    ),
    Verb(
        name="backup",
        help="back up every table of the plan",
        description="Exports every table of the plan to S3 with ExportTableToPointInTime, waits for the exports, "
        f"verifies every data file and records the backups. {PACE}, so 200 tables take about five minutes to "
        "start.",
        arguments="[TABLE]...",
        options=(
            options.tables,
            options.plan_files,
            options.log_format,
            options.detail,
            options.run_id("idempotency key: the same ID never starts a second export"),
            options.timeout("stop waiting after 90s, 30m, 2h, …; exports continue in AWS (exit code 75)"),
            options.no_wait,
        ),
        forms=_RUN_FORMS,
        schema="report",
        role="backup",
        notifies=True,
        writes_metrics=True,
        on_interrupt=_EXPORTS_CONTINUE,
        examples=(
            Example("backup", "back up every table of ./ddbbackup.yaml"),
            Example("backup orders 'billing-*'", "back up some tables"),
            Example("backup --no-wait", "start the exports; `ddbbackup wait` completes them"),
            Example("backup --output junit=report.xml", "also write a JUnit report for a CI system"),
        ),
        exit_codes=(0, 1, 3, 5, 64, 65, 69, 70, 75, 77, 78, 130, 143),
        docs=("how-to/first-backup.md", "how-to/run-in-a-pipeline.md", "pacing-and-cost.md"),
    ),
    Verb(
        name="wait",
        help="complete backups that an earlier run left in progress",
        description="Waits for the exports that earlier runs started, verifies them and records the backups. Starts "
        "an export only if a run ended between recording its backup and starting it.",
        arguments="[TABLE]...",
        options=(
            options.tables,
            options.plan_files,
            options.log_format,
            options.detail,
            options.run_id("only the backups that the run with this ID started"),
            options.timeout("stop waiting after 90s, 30m, 2h, …; exports continue in AWS (exit code 75)"),
        ),
        forms=_RUN_FORMS,
        schema="report",
        role="backup",
        notifies=True,
        writes_metrics=True,
        on_interrupt=_EXPORTS_CONTINUE,
        examples=(
            Example("wait", "complete every backup in progress"),
            Example("wait --timeout 30m", "stop waiting after 30 minutes"),
        ),
        exit_codes=(0, 1, 3, 5, 64, 65, 69, 70, 75, 77, 78, 130, 143),
        docs=("how-to/run-in-a-pipeline.md",),
    ),
    Verb(
        name="status",
        help="show the newest backup of each table, and whether it is too old",
        description="Shows for each table of the plan the newest backup, its age against the recovery point "
        "objective (RPO: `rpo` in the plan, the maximum age), and whether a backup is in progress. Exits with 4 if a "
        "backup is older than that, and with 65 if newer backups cannot be restored. A pattern in quotes after -f "
        "shows several plans; then the exit code is the highest of them.",
        arguments="[TABLE]...",
        options=(
            options.tables,
            options.plan_files,
            options.log_format,
            options.detail,
            options.problems,
            options.state(options.TABLE_STATES),
            options.sort(options.TABLE_COLUMNS),
        ),
        forms=("text", "json", "markdown"),
        schema="status",
        role="read",
        notifies=True,
        examples=(
            Example("status", "show every table of ./ddbbackup.yaml"),
            Example("status orders 'billing-*'", "show some tables"),
            Example("status --problems", "show only tables that need attention"),
            Example("status -f 'plans/*.yaml'", "show the tables of several plans"),
            Example("status --output json", "print the same for a program"),
        ),
        exit_codes=(0, 1, 4, 5, 64, 65, 69, 70, 77, 78, 130, 143),
        docs=("reading-the-output.md", "metrics.md"),
    ),
    Verb(
        name="list",
        help="list the backups in the catalog",
        description="Lists the recorded backups of the plan, also of tables that the plan no longer selects. Exits "
        "with 65 if the record of one cannot be used.",
        module="list_backups",
        arguments="[TABLE]...",
        options=(
            options.tables,
            options.plan_files,
            options.log_format,
            options.detail,
            options.last,
            options.since,
            options.problems,
            options.state(options.BACKUP_STATES),
            options.sort(options.BACKUP_COLUMNS),
        ),
        forms=("text", "json"),
        schema="list",
        role="read",
        examples=(
            Example("list", "list every backup"),
            Example("list orders 'billing-*'", "list the backups of some tables"),
            Example("list --last 3 --since 7d", "list up to three of each table, none older than a week"),
            Example("list --state failed --sort size", "list backups that failed, the largest first"),
        ),
        exit_codes=(0, 1, 5, 64, 65, 69, 70, 77, 78, 130, 143),
        docs=("reading-the-output.md",),
    ),
    Verb(
        name="report",
        help="write one HTML page about all backups",
        description="Writes one HTML page that needs no other file and no network: problems first, the restore "
        "points of each table over time with gaps and the RPO, sizes and items, the last verification, what runs, "
        "tables of the account that no entry covers, what `prune` would remove, and an estimate of the cost per "
        "month. Prints a summary. A pattern in quotes after -f makes one page of several plans, with the highest of "
        "their exit codes. Exits with 0 although a backup is too old: `status` is for that.",
        options=(options.plan_files, options.log_format, options.only, options.page_file, options.prices),
        forms=("text", "json", "html"),
        schema="overview",
        role="read",
        on_interrupt=Interruption("the page was not written", "run the same command again"),
        examples=(
            Example("report", "write ./ddbbackup-report.html"),
            Example("report -o public/backups.html", "write another file"),
            Example("report -f 'plans/*.yaml'", "write one page about several plans"),
            Example("report -o - > /srv/www/backups.html", "print the page"),
            Example("report --output json", "print the same for a program"),
        ),
        exit_codes=(0, 1, 5, 64, 65, 69, 70, 77, 78, 130, 143),
        docs=("how-to/show-your-backups.md",),
    ),
    Verb(
        name="verify",
        help="prove that recorded backups are whole",
        description="Lists the data files of backups, reads as much of them as the level says, and compares them "
        "with their manifests and records. Records the result in the record of each backup, and changes nothing "
        "else. An interrupted verification goes on where it stopped if the same command runs again within a day.",
        arguments="[TABLE]...",
        options=(
            options.tables,
            options.plan_files,
            options.log_format,
            options.detail,
            options.run_id("ID of this run in logs and reports"),
            options.backup_id,
            options.backups_to_verify,
            options.verify_level,
        ),
        forms=_RUN_FORMS,
        schema="report",
        role="verify",
        notifies=True,
        examples=(
            Example("verify", "verify the newest backup of each table"),
            Example("verify orders --all", "verify every backup of one table"),
            Example("verify --all --level listing", "look whether all objects of all backups are there"),
            Example("verify --level items --sample 5%", "check the items in a twentieth of the files"),
        ),
        exit_codes=(0, 1, 3, 5, 64, 65, 69, 70, 77, 78, 130, 143),
        docs=("how-to/prove-your-backups.md",),
    ),
    Verb(
        name="find",
        help="print items out of a restore point, or their history",
        description="Prints the items of a restore point that have a key or match a condition, one JSON object per "
        "line. With --history, prints each version of these items over all restore points, newest first: what a "
        "condition matches in one version is shown in all of them. Restores nothing. Items go to stdout only.",
        arguments="TABLE",
        options=(
            options.table_name,
            options.plan_files,
            options.log_format,
            options.detail,
            options.point_of_table,
            options.history,
            item_selection,
            options.item_format("json"),
        ),
        role="verify",
        examples=(
            Example("find orders --key id=c-1017", "print one item of the newest restore point"),
            Example(
                "find orders --partition c-1017 --from 2h", "print what one partition held two hours ago"
            ),
            Example("find orders --where 'total >= :t' --value :t=N:5", "print the items that match"),
            Example("find orders --key id=c-1017 --history", "print every version of an item, newest first"),
        ),
        exit_codes=(0, 1, 5, 64, 65, 69, 70, 77, 78, 130, 143),
        docs=("command-line.md",),
    ),
    Verb(
        name="dump",
        help="write all items of a restore point as lines",
        description="Writes all items of a restore point as lines of JSON, to stdout, or to a file or an object in "
        "S3 that appears when it is whole. In the bucket of a destination, the object is encrypted as the "
        "destination says, otherwise with SSE-S3. Restores nothing.",
        arguments="TABLE",
        options=(
            options.table_name,
            options.plan_files,
            options.log_format,
            options.detail,
            options.point_of_table,
            options.item_format("dynamodb-json"),
            options.out_file,
        ),
        role="verify",
        examples=(
            Example("dump orders -o orders.json", "write the newest restore point to a file"),
            Example("dump orders -o s3://acme-dumps/orders.json", "write it to an object in S3"),
            Example(
                "dump orders --from 2h --format json > orders.json", "write an earlier one without types"
            ),
        ),
        exit_codes=(0, 1, 5, 64, 65, 69, 70, 77, 78, 130, 143),
        docs=("command-line.md",),
    ),
    Verb(
        name="restore",
        help="restore one table or many",
        description="Runs one element of the plan's `restores`, or what the options say in its place: creates or "
        "checks each target table, loads the items of a backup, compares the counts and restores the requested "
        "settings. Options with a NAME change what the element says, for this run. Without a NAME and without "
        "tables, lists what can be restored, and exits with 64.",
        arguments="[NAME]",
        options=(
            options.restore_name,
            options.plan_files,
            options.log_format,
            options.detail,
            options.run_id("idempotency key: the same ID never starts a second job in AWS"),
            options.timeout(
                "stop waiting for jobs in AWS after 90s, 30m, 2h, …; they continue (exit code 75); does not "
                "limit `method: write`"
            ),
            options.restore_source,
            restore_element,
            item_selection,
            options.confirm,
            options.confirm_deletes,
            options.adopt,
            options.accept_incomplete,
            options.retrieve,
        ),
        forms=_RUN_FORMS,
        schema="report",
        role="restore",
        notifies=True,
        on_interrupt=Interruption(
            "items already written stay in the target table, and jobs in AWS continue",
            "run the same command again to resume the restore",
        ),
        examples=(
            Example("restore --table orders --to orders-2 --from 2h", "restore a table as of two hours ago"),
            Example("restore --match 'billing-*' --to '{table}-restored'", "restore many tables at once"),
            Example("restore orders-copy", "restore the newest backup as the plan says"),
            Example("restore orders-copy --from 2026-11-23T14:00:00Z", "restore an earlier backup"),
            Example("restore orders-copy --key id=c-1017", "restore one item"),
            Example("restore orders-rollback --yes", "overwrite the live table without a question"),
            Example("restore orders-copy --retrieve bulk", "ask S3 for an archived backup"),
        ),
        exit_codes=_RESTORE_CODES,
        docs=("how-to/three-in-the-morning.md", "how-to/restore-one-table-now.md", "restore-methods.md"),
    ),
    Verb(
        name="diff",
        help="compare a restore point with a live table",
        description="Compares every item of a restore point with a live table, by value: the order of attributes and "
        "of sets does not count, and `1` is `1.0`. Prints how many items are missing from the table, changed, and "
        "extra in it. The table is scanned while it is in use: an item that changes in this time counts as it was "
        "before or after the change. Changes nothing, consumes read capacity of the table, and needs about 60 bytes "
        "of disk in the state directory for each item of either side.",
        arguments="[NAME]",
        options=(
            options.compared,
            options.plan_files,
            options.log_format,
            options.detail,
            options.restore_source,
            options.show_keys,
            options.difference_exit_code,
        ),
        forms=("text", "json", "jsonl"),
        schema="diff",
        role="restore",
        examples=(
            Example("diff --table orders", "compare a table with its newest restore point"),
            Example("diff --table orders --from 2h", "compare it with what it was two hours ago"),
            Example(
                "diff --table orders --to orders-restored", "compare another table with the restore point"
            ),
            Example(
                "diff orders-rollback --show-keys --output jsonl",
                "print the keys that a restore would change",
            ),
        ),
        exit_codes=(0, 1, 2, 5, 64, 65, 69, 70, 77, 78, 130, 143),
        docs=("how-to/three-in-the-morning.md",),
    ),
    Verb(
        name="prune",
        help="show and remove the backups that the retention policies do not keep",
        description="Shows which restore points the `retention` of the plan keeps, and why, and which backups it "
        "does not keep. With --apply, removes the latter: their data, then their records. Never removes the newest "
        "restore point of a table, its newest verified one, what a kept restore point needs, or backups in "
        "progress.",
        arguments="[TABLE]...",
        options=(
            options.tables,
            options.plan_files,
            options.log_format,
            options.detail,
            options.run_id("ID of this run in logs and reports"),
            options.apply,
            options.confirm_plan,
            options.detailed_exit_code,
        ),
        forms=_RUN_FORMS,
        schema="report",
        role="prune",
        notifies=True,
        on_interrupt=Interruption(
            "backups that were being removed are partly gone and no longer restore points",
            "run the same command again to remove the rest",
        ),
        examples=(
            Example("prune", "show what would be removed, and why the rest is kept"),
            Example("prune --apply", "remove it"),
            Example("prune --apply --confirm prod", "remove it, even if it is more than half"),
            Example("prune 'orders*' --apply", "remove backups of some tables"),
        ),
        exit_codes=(0, 1, 2, 3, 5, 64, 65, 69, 70, 77, 78, 130, 143),
        docs=("how-to/expire-old-backups.md",),
    ),
    Verb(
        name="doctor",
        help="check credentials, tables, buckets, keys, clock and quotas",
        description="Checks everything that a run of the plan depends on: credentials, tables, buckets, KMS keys, "
        "the clock and quotas. With --iam, prints the least IAM policies for the plan instead, and their sizes on "
        "stderr; with the options of a restore, those for this restore alone.",
        arguments="[TABLE]...",
        options=(
            options.tables,
            options.plan_files,
            options.log_format,
            options.detail,
            options.iam,
            options.trust,
            options.restore_source,
            restore_element,
        ),
        forms=("text", "json", "markdown"),
        other_forms=("terraform", "cloudformation"),
        schema="doctor",
        role="read",
        examples=(
            Example("doctor", "check the plan's account, tables and buckets"),
            Example("doctor --iam", "print the policies of every role"),
            Example("doctor --iam backup > policy.json", "write the policy of one role"),
            Example(
                "doctor --iam restore --table orders --to orders-2",
                "print what a restore needs that no plan names",
            ),
            Example(
                "doctor --iam --trust github:acme/infra --output terraform > iam.tf",
                "write roles that GitHub Actions can assume",
            ),
        ),
        exit_codes=(0, 1, 5, 64, 65, 69, 70, 77, 78, 130, 143),
        docs=("preview.md", "permissions.md"),
    ),
    Verb(
        name="completion",
        help="print a completion script for a shell",
        description="Prints a script that completes verbs, options, files, restores, tables and backups in bash, zsh "
        "or fish. To offer tables and backups, the script lists the catalog with your credentials.",
        arguments="SHELL",
        options=(options.shell, options.plan_files, options.completed_names),
        role="read",
        examples=(
            Example("completion bash > /etc/bash_completion.d/ddbbackup", "install for bash"),
            Example("completion fish > ~/.config/fish/completions/ddbbackup.fish", "install for fish"),
        ),
        exit_codes=_READ_CODES,
        docs=("install.md",),
    ),
    Verb(
        name="demo",
        help="run backup and restore in a sandbox, without an AWS account",
        description="Runs a backup, damages a table and restores it in a sandbox on this machine. Needs the extra "
        "`sandbox` and no AWS account.",
        options=(options.serve,),
        forms=("text", "json"),
        schema="demo",
        on_interrupt=Interruption("the sandbox was stopped", "run the same command again"),
        examples=(
            Example("demo", "run the demo"),
            Example("demo --serve", "start the sandbox to try your own commands"),
            Example("demo --serve -f ddbbackup.yaml", "start it with the buckets and tables of your plan"),
        ),
        exit_codes=(0, 1, 64, 65, 70, 78, 130, 143),
        docs=("how-to/use-the-sandbox.md", "how-to/first-backup.md"),
    ),
)

VERBS: Final[Mapping[str, Verb]] = {verb.name: verb for verb in _ROWS}


def roles_of_verbs() -> Mapping[str, RoleName]:
    """The role of each verb that calls AWS."""
    return {verb.name: verb.role for verb in VERBS.values() if verb.role is not None}
